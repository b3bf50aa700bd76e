import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ledgerMigrations } from '../../../src/ledger/ledger-schema.ts';
import type { Verification } from '../../../src/ledger/proof.ts';
import { SqliteLedger } from '../../../src/ledger/sqlite-ledger.ts';
import { SqliteLedgerSummary } from '../../../src/ledger/sqlite-ledger-summary.ts';
import { SqliteSourceUse } from '../../../src/ledger/sqlite-source-use.ts';
import { SqliteTierShares } from '../../../src/ledger/sqlite-tier-shares.ts';
import { openDatabase } from '../../../src/lib/sqlite.ts';
import { CopyRate } from '../../../src/status/copy-rate.ts';
import { type Status, type StatusOptions, statusNow } from '../../../src/status/status.ts';
import { statusText } from '../../../src/status/status-text.ts';
import { TierCounter } from '../../../src/status/tier-counter.ts';
import { scratch } from '../../support/scratch.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;

const verification: Verification = {
  ...{ beganMs: 0, endedMs: 0, mode: 'recorded', percent: 0, sources: ['basement'], clean: true, stateHash: '' },
  counts: { equal: 9, onlyBelow: 0, onlyAbove: 0, different: 0, error: 0, excepted: 0 },
};

let nowMs: number;
let ledger: SqliteLedger;
let db: ReturnType<typeof openDatabase>;
let counter: TierCounter;

beforeEach(() => {
  nowMs = 1_800_000_000_000;
  const file = join(scratch('state'), 'ledger.db');
  ledger = new SqliteLedger(file, { batchMs: 0 });
  db = openDatabase(file, ledgerMigrations);
  counter = new TierCounter({ shares: new SqliteTierShares(db), everyMs: 1e9, now: () => nowMs, failed: thrown });
});
afterEach(async () => {
  await ledger.close();
  db.close();
});

function thrown(error: unknown): never {
  throw error;
}

function options(change: Partial<StatusOptions> = {}): StatusOptions {
  return {
    now: () => nowMs,
    phase: 'move',
    servingMs: nowMs - 3 * hourMs,
    sources: ['basement', 'attic'],
    windowMs: 72 * hourMs,
    proofMs: 168 * hourMs,
    ledger,
    summary: new SqliteLedgerSummary(db),
    use: new SqliteSourceUse(db),
    verifications: { last: async () => undefined },
    retired: async () => new Map([['attic', nowMs - hourMs]]),
    openIntents: async () => 0,
    tiers: (sinceMs) => counter.since(sinceMs),
    ...change,
  };
}

async function copied(key: string, size: number): Promise<void> {
  await ledger.change(key, { status: 'copied' }, { size, md5: 'x', source: 'basement' }, nowMs);
}

test('objects and bytes are told by state and class, whatever became of a key in between', async () => {
  await ledger.ask(new Map([['accounts/avatars/000/original/a.png', 1]]), nowMs, 0);
  await copied('accounts/avatars/000/original/a.png', 100);
  await copied('media_attachments/files/1/original/b.mp4', 5000);
  await copied('media_attachments/files/1/original/b.mp4', 6000);
  await copied('media_attachments/files/1/small/b.png', 70);
  await copied('cache/media_attachments/files/2/original/c.png', 9);
  await copied('gone.png', 1);
  await ledger.change('gone.png', { status: 'none' }, {}, nowMs);
  await ledger.change('bad.png', { status: 'refused' }, { reason: 'damaged', size: 3 }, nowMs);
  await ledger.ask(new Map([['wanted.png', 1]]), nowMs, 0);
  const { weights, byStatus, oldestFailure } = await statusNow(options());
  expect(weights).toEqual([
    { status: 'copied', class: 'avatars', objects: 1, bytes: 100 },
    { status: 'copied', class: 'cache', objects: 1, bytes: 9 },
    { status: 'copied', class: 'media_original', objects: 1, bytes: 6000 },
    { status: 'copied', class: 'media_small', objects: 1, bytes: 70 },
    { status: 'refused', class: 'other', objects: 1, bytes: 3 },
    { status: 'wanted', class: 'other', objects: 1, bytes: 0 },
  ]);
  expect(byStatus).toMatchObject({ copied: 4, refused: 1, wanted: 1 });
  expect(oldestFailure).toEqual({ reason: 'damaged', sinceMs: nowMs });
});

test('a rate is that of the last minutes, or of the time since the start', () => {
  const rate = new CopyRate(() => nowMs);
  for (let minute = 0; minute < 3; minute++) {
    for (let i = 0; i < 60; i++) rate.copied(1000);
    nowMs += minuteMs;
  }
  expect(rate.rate).toEqual({ objectsPerSecond: 1, bytesPerSecond: 1000, overMs: 3 * minuteMs });
});

test('news of a scan since the verification began speak against unplugging, whatever later scans found; earlier ones do not', async () => {
  const last = async () => ({ ...verification, beganMs: nowMs - 10, endedMs: nowMs - 5 });
  const of = (source: string) =>
    ({
      source,
      by: 'walk',
      beganMs: nowMs,
      endedMs: nowMs,
      files: 9,
      bytes: 9,
      added: 0,
      changed: 0,
      vanished: 0,
      findings: 0,
    }) as const;
  const against = async (newsMs: number | undefined) => {
    const scans = async () => [
      { last: of('attic'), open: undefined, newsMs: nowMs },
      { last: of('basement'), open: undefined, newsMs },
    ];
    const { sources } = await statusNow(options({ files: { scans }, verifications: { last } }));
    return sources[0]?.unplug.reasons.some(({ code }) => code === 'scanned-since');
  };
  expect(await against(undefined)).toBe(false);
  expect(await against(nowMs - 11)).toBe(false);
  expect(await against(nowMs - 7)).toBe(true);
  expect(await against(nowMs)).toBe(true);
});

test('a rate forgets what is more than ten minutes ago', () => {
  const rate = new CopyRate(() => nowMs);
  expect(rate.rate).toBeUndefined();
  for (let i = 0; i < 500; i++) rate.copied(1000);
  nowMs += 20 * minuteMs;
  expect(rate.rate).toMatchObject({ objectsPerSecond: 0, bytesPerSecond: 0 });
});

test('who answered is told for the last hour, the last day and all time, also what is not written yet', async () => {
  counter.count('basement', 10);
  await counter.write();
  nowMs += 30 * hourMs;
  counter.count('bucket', 100);
  await counter.write();
  nowMs += 2 * hourMs;
  counter.count('cache', 5);
  counter.count('cache', 6);
  counter.count('none', 0);
  const { tiers } = await statusNow(options());
  const [basement, bucket, cache, none] = [
    { tier: 'basement', requests: 1, bytes: 10 },
    { tier: 'bucket', requests: 1, bytes: 100 },
    { tier: 'cache', requests: 2, bytes: 11 },
    { tier: 'none', requests: 1, bytes: 0 },
  ];
  expect(tiers).toEqual({ hour: [cache, none], day: [bucket, cache, none], all: [basement, bucket, cache, none] });
});

test('each source is told with what speaks against unplugging it; a retired one with nothing', async () => {
  const { sources } = await statusNow(options());
  expect(sources.map(({ name, unplug }) => [name, unplug.safe])).toEqual([
    ['basement', false],
    ['attic', true],
  ]);
});

test('the text keeps within 80 columns, and tells a terminal nothing by a key', async () => {
  await ledger.change(`${'deep/'.repeat(5)}\u0085\u202e.png`, { status: 'refused' }, { reason: 'damaged' }, nowMs);
  for (const [tier, n] of [
    ['cache', 123_456],
    ['bucket', 99_999],
    ['a-name-as-long-as-they-may-be-32', 1234],
  ] as const)
    for (let i = 0; i < 3; i++) counter.count(tier, n * 1_000_000_000);
  await new SqliteSourceUse(db).answered('basement', nowMs - minuteMs);
  await copied('media_attachments/files/1/original/b.mp4', 1_234_567_890_123);
  const rate = { objectsPerSecond: 12.34, bytesPerSecond: 5e6, overMs: 600_000 };
  const eta = {
    ms: 1e9,
    assuming: 'it goes on as in the last ten minutes, at the slower of files and bytes per second',
  };
  const backfill = async () => ({ state: 'copying', left: { files: 1_234_567, bytes: 9e12 }, eta });
  const status = await statusNow(options({ rate: () => rate, backfill, latencyMs: () => 12.3 }));
  const text = statusText(status);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
  expect(text).toContain('  safe to unplug: no, because\n  - it was never verified: run upstairs verify\n');
  expect(text).toContain('source attic\n  latency  12.3 ms\n  safe to unplug: yes, retired since ');
  expect(statusText(JSON.parse(JSON.stringify(status)) as Status)).toBe(text);
});

test('a tier that answers one in ten thousand is not told as none', async () => {
  for (let i = 0; i < 9999; i++) counter.count('bucket', 1);
  counter.count('basement', 1);
  expect(statusText(await statusNow(options()))).toMatch(/^basement +<0\.1% +<0\.1% /m);
});
