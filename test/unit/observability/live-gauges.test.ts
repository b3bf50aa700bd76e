import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { LiveGauges } from '../../../src/observability/live-gauges.ts';
import { Metrics } from '../../../src/observability/metrics.ts';
import type { Readings } from '../../../src/observability/readings.ts';
import { beginAtZero } from '../../../src/observability/zeros.ts';
import { MetricsText } from '../../support/metrics-text.ts';

let registry: Registry;
let live: LiveGauges;
const failed = vi.fn();
beforeEach(() => {
  failed.mockReset();
  registry = new Registry();
  live = new LiveGauges({ registry, deadlineMs: 50 });
});

const sample = async (name: string) =>
  (await registry.getSingleMetricAsString(`upstairs_${name}`)).split('\n').slice(2);

describe('what is read at a scrape', () => {
  test('is looked at once for all the gauges that come of it', async () => {
    const look = vi.fn(() => ({ a: 1, b: 2 }));
    live.group('both', look)('a', 'A', [], ({ a }) => [[a]])('b', 'B', ['of'], ({ b }) => [[b, 'x']]);
    expect(await live.look(failed)).toEqual(new Set());
    expect(look).toHaveBeenCalledTimes(1);
    expect([await sample('a'), await sample('b')]).toEqual([['upstairs_a 1'], ['upstairs_b{of="x"} 2']]);
    expect(failed).not.toHaveBeenCalled();
  });

  test('shows nothing of the scrape before: neither a source that is gone, nor a number that is not known any more', async () => {
    let seen: { sources: string[]; eta?: number } = { sources: ['old', 'new'], eta: 7 };
    live.group('rest', () => seen)('source', 'S', ['source'], ({ sources }) => sources.map((name) => [1, name]))(
      'eta_seconds',
      'E',
      [],
      ({ eta }) => (eta === undefined ? [] : [[eta]]),
    );
    await live.look(failed);
    expect([(await sample('source')).length, await sample('eta_seconds')]).toEqual([2, ['upstairs_eta_seconds 7']]);
    seen = { sources: ['new'] };
    await live.look(failed);
    expect(await sample('source')).toEqual(['upstairs_source{source="new"} 1']);
    expect(await sample('eta_seconds')).toEqual([]);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('broken');
      },
    ],
    ['gives what is no number', () => 'x' as unknown as number],
  ])('leaves out the gauges of a look that %s, and no others', async (_, look) => {
    live.group('good', () => 3)('good', 'G', [], (n) => [[n]]);
    live.group('bad', look as () => number)('bad', 'B', [], (n) => [[n]])('worse', 'W', [], (n) => [[n]]);
    expect(await live.look(failed)).toEqual(new Set(['upstairs_bad', 'upstairs_worse']));
    expect(failed.mock.calls).toEqual([['bad', expect.any(Error)]]);
    expect(await sample('good')).toEqual(['upstairs_good 3']);
  });

  test('waits for a look that hangs until the deadline, does not begin it anew, and does not wait for it again', async () => {
    const hanging = Promise.withResolvers<number>();
    const look = vi.fn(() => hanging.promise);
    live.group('hung', look)('hung', 'H', [], (n) => [[n]]);
    const began = performance.now();
    expect(await live.look(failed)).toEqual(new Set(['upstairs_hung']));
    expect(performance.now() - began).toBeGreaterThanOrEqual(45);
    for (let scrape = 0; scrape < 100; scrape += 1) await live.look(failed);
    // Each would have waited for 50 ms, 5 s together.
    expect(performance.now() - began).toBeLessThan(2500);
    expect(look).toHaveBeenCalledTimes(1);
    expect(failed).toHaveBeenCalledTimes(101);
    hanging.resolve(5);
    await sleep(0);
    expect(await live.look(failed)).toEqual(new Set());
    expect(look).toHaveBeenCalledTimes(2);
    expect(await sample('hung')).toEqual(['upstairs_hung 5']);
  });

  test('is shared by those who ask at the same time', async () => {
    const look = vi.fn(async () => await sleep(5, 1));
    live.group('slow', look)('slow', 'S', [], (n) => [[n]]);
    await Promise.all([live.look(failed), live.look(failed), live.look(failed)]);
    expect(look).toHaveBeenCalledTimes(1);
  });
});

describe('the page of metrics', () => {
  const facts = { version: '0', node: '0', configFingerprint: 'f', phase: 'move' };

  test('comes with all the rest while parts of it fail or hang, which it counts, and tells what and why', async () => {
    const metrics = new Metrics(facts);
    const told = vi.fn();
    const never = new Promise<never>(() => undefined);
    const broken = {
      cache: () => ({ bytes: 1, objects: 2 }),
      ledger: () => Promise.reject(new Error('disk I/O error')),
      state: () => never,
    };
    const missing = () => {
      throw new Error('not there');
    };
    metrics.observe(
      new Proxy(broken, { get: (has, name) => Reflect.get(has, name) ?? missing }) as never as Readings,
      told,
    );
    metrics.answered('cache', 200, 10, 0.001);
    const began = performance.now();
    const text = new MetricsText(await metrics.metrics());
    expect(performance.now() - began).toBeLessThan(5000);
    expect(text.value('upstairs_requests_total', { tier: 'cache' })).toBe(1);
    expect(text.value('upstairs_cache_objects')).toBe(2);
    expect(text.value('process_cpu_seconds_total')).toBeGreaterThan(0);
    for (const gone of ['upstairs_ledger_keys', 'upstairs_state_free_bytes']) expect(text.value(gone)).toBeUndefined();
    const failures = (reading: string) => text.value('upstairs_reading_failures_total', { reading });
    expect([failures('cache'), failures('ledger'), failures('state'), failures('identity')]).toEqual([0, 1, 1, 1]);
    expect(told).toHaveBeenCalledWith('ledger', expect.objectContaining({ message: 'disk I/O error' }));
    expect(told).toHaveBeenCalledWith(
      'state',
      expect.objectContaining({ message: expect.stringContaining('2000 ms') }),
    );
  });

  test('tells how long the oldest mutation has been unsettled, and 0 where all are settled', async () => {
    const age = async (oldestMs: number | undefined) => {
      const metrics = new Metrics(facts);
      metrics.observe({
        openIntents: async () => 3,
        oldestIntentMs: async () => oldestMs,
        now: () => 90_000,
      } as never as Readings);
      return new MetricsText(await metrics.metrics()).value('upstairs_intents_oldest_seconds');
    };
    expect([await age(15_000), await age(undefined), await age(91_000)]).toEqual([75, 0, 0]);
  });

  test('has what alarms go by from the start, at 0: the first damaged file is an increase', async () => {
    const metrics = new Metrics(facts);
    beginAtZero(metrics, { sources: ['basement'], writeHost: false });
    const text = new MetricsText(await metrics.metrics());
    expect(text.value('upstairs_source_errors_total', { source: 'basement', kind: 'damaged' })).toBe(0);
    expect(text.value('upstairs_copies_total', { outcome: 'refused', reason: 'damaged' })).toBe(0);
    expect(text.value('upstairs_vanished_total')).toBe(0);
    expect(text.value('upstairs_writes_total')).toBeUndefined();
  });
});
