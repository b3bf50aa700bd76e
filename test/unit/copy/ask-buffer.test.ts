import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AskBuffer } from '../../../src/copy/ask-buffer.ts';

describe('requests for copies', () => {
  const written: [Record<string, number>, number][] = [];
  const events: string[] = [];
  let write: () => Promise<void>;
  let buffer: AskBuffer;

  beforeEach(() => {
    vi.useFakeTimers();
    written.length = 0;
    events.length = 0;
    write = async () => undefined;
    const ledger = {
      ask: (asks: ReadonlyMap<string, number>, nowMs: number) => {
        written.push([Object.fromEntries(asks), nowMs]);
        return write();
      },
    };
    buffer = new AskBuffer(ledger, {
      delayMs: 20,
      now: () => 7000,
      stored: () => events.push('stored'),
      failed: (error) => events.push(`failed: ${(error as Error).message}`),
    });
  });
  afterEach(() => vi.useRealTimers());

  test('of two hundred readers of one key are one write', async () => {
    for (let n = 0; n < 200; n++) expect(buffer.add('a')).toBe(true);
    expect(written).toEqual([]);
    await vi.advanceTimersByTimeAsync(20);
    expect(written).toEqual([[{ a: 200 }, 7000]]);
    expect(events).toEqual(['stored']);
  });

  test('are written within the delay of the first, not of the last', async () => {
    buffer.add('a');
    await vi.advanceTimersByTimeAsync(15);
    buffer.add('b');
    await vi.advanceTimersByTimeAsync(5);
    expect(written).toEqual([[{ a: 1, b: 1 }, 7000]]);
  });

  test('that come while others are being written go with the next write', async () => {
    const disk = Promise.withResolvers<void>();
    write = () => disk.promise;
    buffer.add('a');
    await vi.advanceTimersByTimeAsync(20);
    buffer.add('a');
    disk.resolve();
    await vi.advanceTimersByTimeAsync(20);
    expect(written.map(([asks]) => asks)).toEqual([{ a: 1 }, { a: 1 }]);
  });

  test('of too many different keys are turned away, those of known keys are not', () => {
    for (let n = 0; n < 10_000; n++) expect(buffer.add(`key ${n}`)).toBe(true);
    expect(buffer.add('one more')).toBe(false);
    expect(buffer.add('key 1')).toBe(true);
  });

  test('that cannot be written are told of, and the next ones are written', async () => {
    write = () => Promise.reject(new Error('disk full'));
    buffer.add('a');
    await buffer.flush();
    expect(events).toEqual(['failed: disk full']);
    write = async () => undefined;
    buffer.add('b');
    await buffer.flush();
    expect(events).toEqual(['failed: disk full', 'stored']);
    expect(written.at(-1)).toEqual([{ b: 1 }, 7000]);
  });

  test('are written once when they are flushed before their time', async () => {
    buffer.add('a');
    await buffer.flush();
    await vi.advanceTimersByTimeAsync(100);
    expect(written.length).toBe(1);
  });

  test('are durable after a flush, also those whose write was under way already', async () => {
    const disk = Promise.withResolvers<void>();
    write = () => disk.promise;
    buffer.add('a');
    await vi.advanceTimersByTimeAsync(20);
    let flushed = false;
    const flushing = buffer.flush().then(() => {
      flushed = true;
    });
    await vi.advanceTimersByTimeAsync(1);
    expect(flushed).toBe(false);
    disk.resolve();
    await flushing;
  });

  test('that are none cost nothing', async () => {
    await buffer.flush();
    expect(written).toEqual([]);
  });
});
