import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type DrainWorld, drainWorld } from '../support/drained.ts';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { jpeg, mastodonKey } from '../support/media-files.ts';

const pairs = 5;
const viewers = 2;
const readsOfRun = 120;
const iops = 150;
const readerKey = (run: number, n: number) => `site_uploads/files/${run}/${n}/original/picture.jpg`;

function p95(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1] ?? Number.NaN;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

interface Run {
  readonly p95Ms: number;
  readonly p50Ms: number;
  /** Files that the backfill copied meanwhile, a second. */
  readonly copied: number;
}

/** Some viewers who look at files of the disk, one after the other, with a short pause between them. */
async function measured(at: DrainWorld, run: number, backfill: boolean): Promise<Run> {
  const upstairs = await at.start({ backfill: { enabled: backfill } });
  const copied = () => upstairs.metric('upstairs_backfill_copied_files_total');
  const read = async (n: number) => {
    const began = performance.now();
    const { status } = await upstairs.get(`/${readerKey(run, n)}`);
    expect(status).toBe(200);
    return performance.now() - began;
  };
  // Everything has been used once, and the backfill is at full speed.
  for (let n = readsOfRun; n < readsOfRun + 10; n++) await read(n);
  if (backfill) await eventually(async () => expect(await copied()).toBeGreaterThan(30), { withinMs: 60_000 });
  const before = await copied();
  const began = performance.now();
  const times: number[] = [];
  let next = 0;
  const view = async () => {
    while (next < readsOfRun) {
      times.push(await read(next++));
      await sleep(20);
    }
  };
  await Promise.all(Array.from({ length: viewers }, view));
  const seconds = (performance.now() - began) / 1000;
  const result = {
    p95Ms: p95(times),
    p50Ms: median(times),
    copied: ((await copied()) - before) / seconds,
  };
  if (backfill) expect(await upstairs.metric('upstairs_backfill_waiting_files')).toBeGreaterThan(0);
  await upstairs.kill('SIGTERM');
  return result;
}

describe.skipIf(needs('ceph', 'fuse').skip)(`a backfill on a disk of ${iops} operations a second`, () => {
  test('costs readers of other files next to nothing', { timeout: 600_000 }, async () => {
    const waiting = Array.from(
      { length: 4000 },
      (_, n) => [mastodonKey(n, 'jpg'), jpeg(n, { bytes: 20_000 })] as const,
    );
    const reads = Array.from({ length: pairs * 2 }, (_, run) =>
      Array.from({ length: readsOfRun + 10 }, (_, n) => [readerKey(run, n), jpeg(n, { bytes: 30_000 })] as const),
    );
    const at = await drainWorld(Object.fromEntries([...waiting, ...reads.flat()]), {
      config: { backfill: { skip: ['site_uploads/'] } },
    });
    await at.scan();
    await at.disk.setRules({ iops });
    const without: Run[] = [];
    const during: Run[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      without.push(await measured(at, pair * 2, false));
      during.push(await measured(at, pair * 2 + 1, true));
    }
    const [base, beside] = [without, during].map((runs) => median(runs.map(({ p95Ms }) => p95Ms))) as [number, number];
    const line = (name: string, runs: Run[]) =>
      `${name}: p95 ${runs.map(({ p95Ms }) => p95Ms.toFixed(1)).join(', ')} ms; p50 ${median(runs.map(({ p50Ms }) => p50Ms)).toFixed(1)} ms; ` +
      `${median(runs.map(({ copied }) => copied)).toFixed(0)} files/s copied`;
    console.log(`${line('without', without)}\n${line('beside the backfill', during)}`);
    console.log(`median p95: ${base.toFixed(1)} ms without, ${beside.toFixed(1)} ms beside it`);
    // It did go on meanwhile.
    expect(median(during.map(({ copied }) => copied))).toBeGreaterThan(1);
    expect(beside).toBeLessThanOrEqual(Math.max(1.5 * base, base + 10));
  });
});
