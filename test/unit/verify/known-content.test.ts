import { describe, expect, test } from 'vitest';
import type { RecordedCopy } from '../../../src/ledger/recorded-copies.ts';
import { copyFacts } from '../../../src/verify/known-content.ts';
import { md5 } from './facts.ts';

const nothing = { source: undefined, size: undefined, md5: undefined, mtime: undefined };
const row: RecordedCopy = { key: 'a', status: 'copied', ...nothing, reason: undefined, detail: undefined };
const whole: RecordedCopy = { ...row, source: 'disk', size: 7, md5, mtime: '1614834367.123456789' };
const head = { size: 7, md5, ours: true, mtime: '1614834367.123456789' };

describe('what is known of a copy', () => {
  test('is what the ledger recorded, with its time in microseconds, rounded down as a scan does', () => {
    const content = { source: 'disk', size: 7, md5, mtimeUs: 1_614_834_367_123_456 };
    expect(copyFacts(whole, undefined, 2)?.content).toEqual(content);
    expect(copyFacts({ ...whole, mtime: '-1.5000001' }, undefined, 1)?.content?.mtimeUs).toBe(-1_500_001);
    expect(copyFacts({ ...whole, mtime: 'yesterday' }, undefined, 1)?.content).toMatchObject({ mtimeUs: undefined });
  });

  test('comes from the object where the ledger has nothing, if a copy of ours made it and one source alone has the key', () => {
    expect(copyFacts(row, head, 1)?.content).toMatchObject({ source: undefined, size: 7, md5 });
    expect(copyFacts(row, head, 2)?.content).toBeUndefined();
    expect(copyFacts(row, { ...head, ours: false }, 1)?.content).toBeUndefined();
    expect(copyFacts(row, { ...head, mtime: undefined }, 1)?.content).toBeUndefined();
    expect(copyFacts(row, undefined, 1)?.content).toBeUndefined();
  });
});
