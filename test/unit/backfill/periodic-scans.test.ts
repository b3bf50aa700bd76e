import { expect, test } from 'vitest';
import { PeriodicScans, type ScanEnd } from '../../../src/backfill/periodic-scans.ts';
import type { ScanRecord } from '../../../src/ledger/files.ts';

function record(source: string, endedMs: number | undefined): ScanRecord {
  const none = { files: 0, bytes: 0, added: 0, changed: 0, vanished: 0, findings: 0 };
  return { source, by: 'walk', beganMs: 0, endedMs, ...none };
}

const whole: ScanEnd = { whole: true, why: undefined, record: undefined };
const broken: ScanEnd = { whole: false, why: 'the disk hangs', record: undefined };

/** Scans whose time passes only while they wait, until so many were made. */
async function scansOf(
  sources: readonly string[],
  scans: { last: ScanRecord | undefined; open: ScanRecord | undefined }[],
  most: number,
  run: (source: string, nowMs: number) => ScanEnd = () => whole,
  everyMs = 1000,
): Promise<string[]> {
  let nowMs = 1_000_000;
  const made: string[] = [];
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  const periodic = new PeriodicScans({
    sources: () => sources,
    everyMs,
    files: { scans: async () => scans.map((scan) => ({ ...scan, newsMs: undefined })) },
    run: async (source) => {
      made.push(`${source} at ${nowMs - 1_000_000}`);
      nowMs += 10;
      const end = run(source, nowMs);
      if (made.length >= most) resolve();
      return end;
    },
    now: () => nowMs,
    began: () => undefined,
    ended: () => undefined,
    failed: () => undefined,
    wait: async (ms) => {
      nowMs += ms;
      await new Promise((done) => setImmediate(done));
    },
  });
  periodic.start();
  await enough;
  await periodic.stop();
  return made.slice(0, most);
}

test('a source that was never scanned is scanned at once, and then again and again, one at a time', async () => {
  expect(await scansOf(['a', 'b'], [], 4)).toEqual(['a at 0', 'b at 10', 'a at 1010', 'b at 1020']);
});

test('a source that was scanned lately waits, and one whose scan was broken off does not', async () => {
  const lately = { last: record('a', 999_700), open: undefined };
  expect(await scansOf(['a'], [lately], 1)).toEqual(['a at 700']);
  expect(await scansOf(['a'], [{ ...lately, open: record('a', undefined) }], 1)).toEqual(['a at 0']);
});

test('a scan that fails is not tried again before its time', async () => {
  expect(await scansOf(['a'], [], 3, () => broken)).toEqual(['a at 0', 'a at 1010', 'a at 2020']);
});

test('a scan that met one by hand is tried again soon, but not at once', async () => {
  expect(await scansOf(['a'], [], 2, () => ({ ...broken, busy: true }), 3_600_000)).toEqual(['a at 0', 'a at 60010']);
});

test('a stop breaks off the scan under way, and waits for its end', async () => {
  const { promise: running, resolve: begun } = Promise.withResolvers<void>();
  const ends: ScanEnd[] = [];
  const periodic = new PeriodicScans({
    sources: () => ['a'],
    everyMs: 1000,
    files: { scans: async () => [] },
    run: (_source, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => setImmediate(() => resolve(broken)));
        begun();
      }),
    now: () => 5,
    began: () => undefined,
    ended: (_source, end) => ends.push(end),
    failed: () => undefined,
  });
  periodic.start();
  await running;
  await periodic.stop();
  expect(ends).toEqual([broken]);
});
