import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, onTestFinished, test } from 'vitest';
import { openFilesDatabase } from '../../src/ledger/files-database.ts';
import { ledgerMigrations } from '../../src/ledger/ledger-schema.ts';
import type { SeenFile } from '../../src/ledger/scan-writer.ts';
import { SqliteFiles } from '../../src/ledger/sqlite-files.ts';
import { SqliteHeat } from '../../src/ledger/sqlite-heat.ts';
import { SqliteLedger } from '../../src/ledger/sqlite-ledger.ts';
import { SqliteObjects } from '../../src/ledger/sqlite-objects.ts';
import { SqliteScanWriter } from '../../src/ledger/sqlite-scan-writer.ts';
import { openDatabase } from '../../src/lib/sqlite.ts';
import { HottestInHeat } from '../../src/status/hottest-in-heat.ts';
import { scratch } from '../support/scratch.ts';

const beginMs = Date.UTC(2026, 0);
const weekMs = 7 * 86_400_000;

/** All that it asks, in real databases, and how often it asked. */
function world() {
  const dir = scratch('state');
  const file = join(dir, 'files.db');
  const clock = { nowMs: beginMs };
  const heat = new SqliteHeat(file, { halfLifeMs: weekMs, maxKeys: 1_000_000, nowMs: beginMs });
  const files = new SqliteFiles(file);
  const objects = new SqliteObjects(file);
  const ledger = new SqliteLedger(join(dir, 'ledger.db'), { batchMs: 0 });
  const scans = new SqliteScanWriter(file);
  for (const one of [scans, ledger, objects, files, heat]) onTestFinished(() => one.close());
  const closed = new Set<string>();
  const inUse = ['basement', 'attic'];
  const asked = { pages: 0, keys: 0 };
  const hottest = new HottestInHeat({
    heat: {
      hottest: (...page) => {
        asked.pages += 1;
        return heat.hottest(...page);
      },
    },
    files,
    objects,
    ledger: {
      statuses: (keys) => {
        asked.keys += keys.length;
        return ledger.statuses(keys);
      },
    },
    keep: async (keys) => new Set(keys.filter((key) => !closed.has(key))),
    sources: () => inUse,
    now: () => clock.nowMs,
  });
  return {
    ...{ dir, clock, heat, ledger, closed, inUse, asked, hottest },
    /** What a scan saw in a source. */
    async scanned(source: string, sizes: Readonly<Record<string, number>>) {
      const scan = await scans.begin(source, 'walk', { fresh: true, nowMs: clock.nowMs });
      const seen = Object.entries(sizes).map(([key, size]): SeenFile => ({ key, size, mtimeUs: 0, mode: 0o644 }));
      await scans.put(scan, { files: seen, findings: [], cursor: undefined, nowMs: clock.nowMs });
      await scans.end(scan, { nowMs: () => clock.nowMs, signal: new AbortController().signal });
    },
    /** What the bucket's listing met. */
    async listed(keys: readonly string[]) {
      await objects.begin(clock.nowMs, true);
      const [range] = await objects.ranges();
      const met = keys.map((key) => ({ key, size: 1, etag: 'x' }));
      await objects.put(range!.id, { objects: met, upTo: undefined });
      await objects.end(clock.nowMs);
    },
    /** So many views each, now. */
    async viewed(views: Readonly<Record<string, number>>) {
      const all = Object.entries(views).map(([key, n]) => ({ key, views: n, atMs: clock.nowMs }));
      await heat.add(all, clock.nowMs);
    },
    become: (key: string, status: 'copied' | 'superseded' | 'refused') =>
      ledger.change(key, { status }, {}, clock.nowMs),
  };
}

test('the keys that are asked for most and are still below come first, with their size and how hot they are', async () => {
  const { scanned, viewed, hottest, clock } = world();
  await scanned('basement', { 'warm.jpg': 1, 'hot.jpg': 20, 'cold.jpg': 300 });
  await viewed({ 'hot.jpg': 64, 'warm.jpg': 8 });
  clock.nowMs += weekMs;
  await viewed({ 'warm.jpg': 1 });
  const told = await hottest.hottest(10);
  expect(told.map(({ heat, ...rest }) => ({ ...rest, heat: Math.round(heat) }))).toEqual([
    { key: 'hot.jpg', source: 'basement', bytes: 20, heat: 32 },
    { key: 'warm.jpg', source: 'basement', bytes: 1, heat: 5 },
  ]);
  expect((await hottest.hottest(1)).map(({ key }) => key)).toEqual(['hot.jpg']);
});

test('what is above, closed by a mark, or nowhere below is left out; what waits or was given up is not', async () => {
  const { scanned, viewed, listed, become, ledger, closed, hottest, clock } = world();
  const keys = ['copied', 'superseded', 'listed', 'closed', 'refused', 'wanted', 'unknown'];
  await scanned('basement', Object.fromEntries(keys.map((key) => [key, 1])));
  await viewed(Object.fromEntries([...keys, 'nowhere'].map((key, n) => [key, 100 - n])));
  await become('copied', 'copied');
  await become('superseded', 'superseded');
  await become('refused', 'refused');
  await ledger.ask(new Map([['wanted', 1]]), clock.nowMs, 0);
  await listed(['listed']);
  closed.add('closed');
  expect((await hottest.hottest(100)).map(({ key }) => key)).toEqual(['refused', 'wanted', 'unknown']);
});

test('of several sources the first one in use has it, in the order of the configuration', async () => {
  const { scanned, viewed, hottest, inUse, clock } = world();
  await scanned('attic', { both: 7, only: 8 });
  await scanned('basement', { both: 5 });
  await viewed({ both: 2, only: 1 });
  const sources = async () => (await hottest.hottest(9)).map(({ key, source, bytes }) => [key, source, bytes]);
  expect(await sources()).toEqual([
    ['both', 'basement', 5],
    ['only', 'attic', 8],
  ]);
  clock.nowMs += 30_000;
  inUse.pop();
  expect(await sources()).toEqual([['both', 'basement', 5]]);
});

test('any number of askers within half a minute cost one look', async () => {
  const { scanned, viewed, hottest, asked, clock } = world();
  await scanned('basement', { a: 1 });
  await viewed({ a: 1 });
  await Promise.all(Array.from({ length: 50 }, () => hottest.hottest(10)));
  clock.nowMs += 29_000;
  await hottest.hottest(5);
  expect(asked.pages).toBe(1);
  clock.nowMs += 1000;
  await hottest.hottest(5);
  expect(asked.pages).toBe(2);
});

test('with 200,000 files no more than ten thousand keys are looked at, in small bites, also where all of these are above', async () => {
  const { dir, hottest, asked, clock } = world();
  const db = openFilesDatabase(join(dir, 'files.db'));
  const copies = openDatabase(join(dir, 'ledger.db'), ledgerMigrations);
  onTestFinished(() => {
    db.close();
    copies.close();
  });
  const keyOf = (n: number) => `media_attachments/files/109/${(n * 7919) % 1_000_003}/original/${n}.jpg`;
  const addFile = db.prepare('INSERT INTO files VALUES (?, 1, 1000, 0, 420, 1)');
  const addHeat = db.prepare('INSERT INTO heat VALUES (?, ?)');
  const addCopy = copies.prepare(`INSERT INTO copies (key, status, since_ms) VALUES (?, 'copied', 0)`);
  db.exec(`BEGIN; INSERT INTO file_sources (id, name) VALUES (1, 'basement')`);
  copies.exec('BEGIN');
  for (let n = 0; n < 200_000; n++) {
    addFile.run(keyOf(n));
    addHeat.run(keyOf(n), 20 - n / 10_000);
    if (n < 20_000) addCopy.run(keyOf(n));
  }
  db.exec('COMMIT');
  copies.exec('COMMIT');

  const timed = async () => {
    const delays = monitorEventLoopDelay({ resolution: 1 });
    delays.enable();
    const [beganMs, began] = [performance.now(), process.cpuUsage()];
    const found = await hottest.hottest(100);
    const { user, system } = process.cpuUsage(began);
    delays.disable();
    const longestMs = delays.max / 1e6;
    return { found, ms: performance.now() - beganMs, cpuMs: (user + system) / 1000, longestMs };
  };
  const told = ({ ms, cpuMs, longestMs }: Awaited<ReturnType<typeof timed>>) =>
    `${Math.round(ms)} ms, ${Math.round(cpuMs)} ms of work, the longest stretch ${longestMs.toFixed(1)} ms`;
  const allAbove = await timed();
  expect(allAbove.found).toEqual([]);
  expect(asked.keys).toBe(10_000);

  db.exec('BEGIN');
  for (let n = 190_000; n < 200_000; n++) addHeat.run(`${keyOf(n)}.png`, 30);
  for (let n = 199_900; n < 200_000; n++) {
    addFile.run(`${keyOf(n)}.png`);
  }
  db.exec('COMMIT');
  clock.nowMs += 30_000;
  const someBelow = await timed();
  expect(someBelow.found.length).toBe(100);
  console.log(`hottest of 200,000, all of it above: ${told(allAbove)}; a hundred of 10,000 below: ${told(someBelow)}`);
  expect(allAbove.cpuMs).toBeLessThan(5000);
});
