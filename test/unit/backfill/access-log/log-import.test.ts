import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { keyOfTarget } from '../../../../src/backfill/access-log/key-of-target.ts';
import { LogImport } from '../../../../src/backfill/access-log/log-import.ts';
import { unpacked } from '../../../../src/backfill/access-log/unpacked.ts';
import { SqliteHeat } from '../../../../src/ledger/sqlite-heat.ts';
import { combinedLog, type LogEntry } from '../../../support/log-text.ts';
import { scratch } from '../../../support/scratch.ts';

const nowMs = Date.UTC(2026, 0);
const routes = [{ host: '*', prefix: '/' }];

function importer() {
  const options = { halfLifeMs: 7 * 86_400_000, maxKeys: 100_000, nowMs };
  const heat = new SqliteHeat(join(scratch('heat'), 'files.db'), options);
  onTestFinished(() => heat.close());
  const logs = new LogImport({ heat, keyOf: (host, target) => keyOfTarget(routes, host, target), now: () => nowMs });
  /** In chunks of so many bytes. */
  const run = (log: string | Buffer, chunkBytes = 65_536, signal = new AbortController().signal) =>
    logs.run(unpacked(Readable.from(chunked(Buffer.from(log), chunkBytes))), signal);
  const views = async (key: string) => Math.round((await heat.of([key], nowMs)).get(key) ?? 0);
  return { heat, run, views };
}

function* chunked(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const views = (key: string, count: number, more: Partial<LogEntry> = {}): LogEntry[] =>
  Array.from({ length: count }, (_, n) => ({
    path: `/system/${key}`,
    atMs: nowMs - 1000 - (n % 7) * 1000,
    address: `192.0.2.${n}`,
    ...more,
  }));

test('views are counted by key, and other answers and methods are not', async () => {
  const { run, views: counted } = importer();
  const counts = await run(
    combinedLog([
      ...views('a.jpg', 3),
      ...views('a.jpg', 2, { status: 304 }),
      ...views('a.jpg', 1, { method: 'HEAD' }),
      ...views('a.jpg', 9, { status: 404 }),
      ...views('a.jpg', 9, { status: 301 }),
      ...views('a.jpg', 9, { method: 'POST' }),
      ...views('b.jpg', 1),
      { path: '/api/v1/instance', atMs: nowMs },
    ]),
  );
  expect(counts).toMatchObject({ lines: 35, views: 7, unreadable: 0 });
  expect(await counted('a.jpg')).toBe(6);
  expect(await counted('b.jpg')).toBe(1);
});

test('the parts of a video that one viewer fetches are one view, those of another viewer, or hours later, another', async () => {
  const { run, views: counted } = importer();
  const parts = (address: string, fromMs: number) =>
    Array.from({ length: 40 }, (_, n) => ({ path: '/system/v.mp4', atMs: fromMs + n * 60_000, status: 206, address }));
  const morning = nowMs - 12 * 3_600_000;
  await run(
    combinedLog([
      ...parts('192.0.2.1', morning),
      ...parts('192.0.2.2', morning),
      ...parts('192.0.2.1', morning + 6 * 3_600_000),
    ]),
  );
  expect(await counted('v.mp4')).toBe(3);
});

test('a log that is imported twice counts once', async () => {
  const { run, views: counted } = importer();
  const log = combinedLog(views('a.jpg', 100));
  await run(log);
  expect(await run(log)).toEqual({ lines: 0, views: 0, unreadable: 0, firstUnreadable: [], knownBytes: log.length });
  expect(await counted('a.jpg')).toBe(100);
});

test('a log that was packed since it was imported counts once', async () => {
  const { run, views: counted } = importer();
  const log = combinedLog(views('a.jpg', 100));
  await run(log);
  expect(await run(gzipSync(log))).toMatchObject({ lines: 0, knownBytes: log.length });
  expect(await counted('a.jpg')).toBe(100);
});

test('of a log that has grown only what is new is counted, wherever it was cut the first time', async () => {
  const log = combinedLog(views('a.jpg', 40));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(log.length), { maxLength: 4 }),
      fc.integer({ min: 1, max: 9000 }),
      async (cuts, chunkBytes) => {
        const { run, views: counted } = importer();
        for (const cut of cuts.filter((at) => at > 0).sort((a, b) => a - b)) {
          // Before the first line is whole there is nothing that could be known for a log.
          await run(log.slice(0, cut), chunkBytes).catch((error) => expect(error.code).toBe('LOG_FORMAT_UNKNOWN'));
        }
        await run(log, chunkBytes);
        expect(await counted('a.jpg')).toBe(40);
      },
    ),
    { numRuns: 30 },
  );
});

test('an older copy of a log that was imported adds nothing', async () => {
  const { run, views: counted } = importer();
  const log = combinedLog(views('a.jpg', 100));
  await run(log);
  expect(await run(log.slice(0, 6000))).toMatchObject({ lines: 0, knownBytes: 6000 });
  expect(await counted('a.jpg')).toBe(100);
});

test('a log that begins as one that was imported and goes on in another way is refused, and counts nothing', async () => {
  const { run, views: counted } = importer();
  const same = combinedLog(views('a.jpg', 60));
  await run(same + combinedLog(views('b.jpg', 10)));
  await expect(run(same + combinedLog(views('c.jpg', 20)))).rejects.toMatchObject({ code: 'LOG_CHANGED' });
  expect(await counted('a.jpg')).toBe(60);
  expect(await counted('c.jpg')).toBe(0);
});

test('two logs of which each is counted are both known again', async () => {
  const { run, views: counted } = importer();
  const [first, second] = [combinedLog(views('a.jpg', 50)), combinedLog(views('b.jpg', 50))];
  for (const log of [first, second, first, second]) await run(log);
  expect([await counted('a.jpg'), await counted('b.jpg')]).toEqual([50, 50]);
});

test('several packed logs behind one another are read as one', async () => {
  const { run } = importer();
  const packed = Buffer.concat([gzipSync(combinedLog(views('a.jpg', 30))), gzipSync(combinedLog(views('b.jpg', 12)))]);
  for (const chunkBytes of [1, 10, 65_536])
    expect(await importer().run(packed, chunkBytes)).toMatchObject({ views: 42 });
  expect(await run(packed)).toMatchObject({ views: 42 });
});

test('a packed log that is cut is told, what was readable is counted, and the whole one later counts the rest', async () => {
  const { run, views: counted } = importer();
  const log = combinedLog(views('a.jpg', 3000));
  const packed = gzipSync(log, { level: 0 });
  await expect(run(packed.subarray(0, packed.length - 50_000), 4096)).rejects.toMatchObject({ code: 'Z_BUF_ERROR' });
  const before = await counted('a.jpg');
  expect(before).toBeGreaterThan(1000);
  expect(before).toBeLessThan(3000);
  await run(packed);
  expect(await counted('a.jpg')).toBe(3000);
});

test('an import that was broken off goes on where it was', async () => {
  const { run, views: counted } = importer();
  const log = combinedLog(Array.from({ length: 2000 }, (_, n) => ({ path: `/system/${n % 900}.jpg`, atMs: nowMs })));
  const stop = new AbortController();
  stop.abort();
  await expect(run(log, 50_000, stop.signal)).rejects.toThrow();
  await run(log);
  expect(await counted('7.jpg')).toBe(3);
  expect(await counted('899.jpg')).toBe(2);
});

test('lines that cannot be read are counted, and the first few shown', async () => {
  const { run } = importer();
  const log = `${combinedLog(views('a.jpg', 1))}rubbish\n\n${'x'.repeat(300_000)}\n\u0000\n{"not": "json\n${'rubbish\n'.repeat(10)}${combinedLog(views('b.jpg', 1))}`;
  const { unreadable, views: found, firstUnreadable } = await run(log, 1000);
  expect({ unreadable, found }).toEqual({ unreadable: 14, found: 2 });
  expect(firstUnreadable).toHaveLength(5);
  expect(firstUnreadable[0]).toEqual({ line: 2, text: 'rubbish' });
  expect(firstUnreadable[1]?.text).toMatch(/64 KiB/);
});

test.each([
  ['an error log', '2022/11/27 06:13:20 [error] 1#1: *1 open() "/x" failed\n'.repeat(2000)],
  ['a picture', Buffer.from(Array.from({ length: 50_000 }, (_, n) => (n * 7919) % 251))],
  ['a few words', 'hello'],
])('%s is told to be no access log, and is not remembered as one', async (_, bytes) => {
  const { run, heat } = importer();
  await expect(run(bytes)).rejects.toMatchObject({ code: 'LOG_FORMAT_UNKNOWN' });
  expect(await heat.logs()).toEqual([]);
});

test('an empty log is no mistake', async () => {
  const { run, heat } = importer();
  expect(await run('')).toMatchObject({ lines: 0 });
  expect(await heat.logs()).toEqual([]);
});
