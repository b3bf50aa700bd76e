import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { WriteRecord } from '../../../src/gateway/write-handler.ts';
import type { AccessRecord } from '../../../src/http/access-log.ts';
import type { CopyReason } from '../../../src/ledger/ledger.ts';
import { Metrics } from '../../../src/observability/metrics.ts';
import { Reporter } from '../../../src/observability/reporter.ts';

/** What is told to somebody who counts for himself. */
function watched() {
  const silent = pino({ level: 'silent' });
  const metrics = new Metrics({ version: '0', node: '0', configFingerprint: 'f', phase: 'move' });
  const report = new Reporter(silent, silent, metrics);
  const told: unknown[][] = [];
  const note =
    (what: string) =>
    (...facts: unknown[]) =>
      void told.push([what, ...facts]);
  report.watch({ answered: note('answered') });
  report.watch({
    copied: note('copied'),
    copyGivenUp: note('given up'),
    storeTroubled: note('store'),
    sourceTroubled: note('source'),
  });
  return { report, told };
}

const later = (reason: CopyReason) => ({ type: 'later', reason }) as const;

test('answers, copies and what sources could not do are told to all who count', () => {
  const { report, told } = watched();
  report.counted({ tier: 'cache', status: 200, bytes: 5, headMs: 1, totalMs: 1 } as AccessRecord);
  report.copyEnded('a', { type: 'copied' }, false, 7);
  report.copyEnded('a', { type: 'superseded' }, false, 0);
  report.copyEnded('a', later('damaged'), true, 0);
  report.copyEnded('a', later('too-young'), false, 0);
  report.sourceTroubled('basement', { kind: 'unavailable', trouble: 'timeout' }, 'a');
  expect(told).toEqual([['answered', 'cache', 5], ['copied', 7], ['given up'], ['source', 'basement']]);
});

test('trouble of the store is what it could not be asked, what it did not take, and writes that it did not answer', () => {
  const { report, told } = watched();
  report.bucketTroubled('timeout', new Error('slow'));
  report.copyEnded('a', later('slow-down'), false, 0);
  report.copyEnded('a', later('store-refused'), true, 0);
  const write = { operation: 'PutObject', status: 503, outcomes: new Map([['a', 'unknown']]), ms: 1 } as const;
  report.writeCounted({ ...write, code: 'ServiceUnavailable' } as unknown as WriteRecord);
  expect(told).toEqual([['store'], ['store'], ['given up'], ['store'], ['store']]);
});

test('a key that somebody else works on, and what a client did wrong, is no trouble of the store', () => {
  const { report, told } = watched();
  const write = { operation: 'PutObject', ms: 1 } as const;
  report.writeCounted({ ...write, status: 503, outcomes: new Map([['a', 'busy']]) } as unknown as WriteRecord);
  report.writeCounted({ ...write, status: 403, outcomes: new Map() } as unknown as WriteRecord);
  expect(told).toEqual([]);
});
