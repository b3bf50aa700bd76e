import { describe, expect, test } from 'vitest';
import type { ScanRecord } from '../../../src/ledger/files.ts';
import { chosenSources, endedListing, endedScans } from '../../../src/verify/preconditions.ts';
import { isFresh } from '../../../src/verify/proof.ts';
import { sampleOf } from '../../../src/verify/sample.ts';

const hour = 3600 * 1000;
const nowMs = 1_700_000_000_000;
const scan: ScanRecord = {
  source: 'attic',
  by: 'walk',
  beganMs: nowMs - 2 * hour,
  endedMs: nowMs - hour,
  ...{ files: 1, bytes: 1, added: 1, changed: 0, vanished: 0, findings: 0 },
};

describe('before anything is proven', () => {
  test('each source must have been scanned to its end', () => {
    const scans = [{ last: scan, open: undefined }];
    expect(endedScans(['attic'], scans, { nowMs, acceptOld: false })).toEqual([scan]);
    expect(() => endedScans(['attic', 'basement'], scans, { nowMs, acceptOld: false })).toThrow(
      /basement.*upstairs scan/,
    );
    const open = [{ last: undefined, open: { ...scan, endedMs: undefined } }];
    expect(() => endedScans(['attic'], open, { nowMs, acceptOld: true })).toThrow(/no scan of the source attic/);
  });

  test('a scan is as old as its beginning, and an old one must be accepted', () => {
    const old = [{ last: { ...scan, beganMs: nowMs - 25 * hour }, open: undefined }];
    const refused = () => endedScans(['attic'], old, { nowMs, acceptOld: false });
    expect(refused).toThrow(/25 hours ago.*--stale-scan/);
    expect(refused).toThrow(expect.objectContaining({ code: 'SCAN_OLD' }));
    const accepted = endedScans(['attic'], old, { nowMs, acceptOld: true });
    expect(accepted).toHaveLength(1);
    const listing = { beganMs: nowMs, endedMs: nowMs, objects: 0, bytes: 0 };
    // Accepted is not fresh: such a result is not kept.
    expect(isFresh({ beganMs: nowMs, scans: accepted, listing })).toBe(false);
    expect(isFresh({ beganMs: nowMs, scans: [{ ...scan, endedMs: nowMs }], listing })).toBe(true);
  });

  test('a scan or listing of a time that is still to come is of no known age', async () => {
    const ahead = { ...scan, beganMs: nowMs + 300 * hour, endedMs: nowMs + 301 * hour };
    const scans = [{ last: ahead, open: undefined }];
    expect(() => endedScans(['attic'], scans, { nowMs, acceptOld: false })).toThrow(/still to come.*upstairs scan/);
    const listing = { beganMs: nowMs, endedMs: nowMs, objects: 0, bytes: 0 };
    expect(isFresh({ beganMs: nowMs, scans: [ahead], listing })).toBe(false);
    const young = { ...scan, endedMs: nowMs };
    expect(isFresh({ beganMs: nowMs, scans: [young], listing: { ...listing, beganMs: nowMs + hour } })).toBe(false);
  });

  test('the bucket must have been listed to its end', () => {
    expect(() => endedListing(undefined)).toThrow(/--no-list/);
    expect(() => endedListing({ beganMs: 1, endedMs: undefined, objects: 1, bytes: 1 })).toThrow(/--no-list/);
  });

  test('a source must be one of the configuration', () => {
    expect(chosenSources(['attic', 'basement'], undefined)).toEqual(['attic', 'basement']);
    expect(chosenSources(['attic', 'basement'], 'attic')).toEqual(['attic']);
    expect(() => chosenSources(['attic'], 'atic')).toThrow(/no source atic.*attic/);
  });
});

describe('a sample', () => {
  const keys = Array.from({ length: 20_000 }, (_, n) => `media_attachments/files/${n}`);

  test('is about as large as asked for, the same for the same seed, and another one for another', () => {
    const chosen = keys.filter(sampleOf(5, 'seed'));
    expect(chosen.length).toBeGreaterThan(800);
    expect(chosen.length).toBeLessThan(1200);
    expect(keys.filter(sampleOf(5, 'seed'))).toEqual(chosen);
    expect(keys.filter(sampleOf(5, 'other'))).not.toEqual(chosen);
  });

  test('of everything is everything, and of nothing nothing', () => {
    expect(keys.every(sampleOf(100, 'seed'))).toBe(true);
    expect(keys.some(sampleOf(0, 'seed'))).toBe(false);
  });
});
