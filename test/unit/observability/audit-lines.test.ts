import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import type { OperationName } from '../../../src/gateway/operation.ts';
import type { WriteRecord } from '../../../src/gateway/write-handler.ts';
import { Metrics } from '../../../src/observability/metrics.ts';
import { Reporter } from '../../../src/observability/reporter.ts';

let lines: Record<string, unknown>[];
let metrics: Metrics;
let reporter: Reporter;

beforeEach(() => {
  lines = [];
  const logger = pino({ base: null, timestamp: false }, { write: (line: string) => lines.push(JSON.parse(line)) });
  metrics = new Metrics({ version: '0', node: '0', configFingerprint: 'f', phase: 'move' });
  reporter = new Reporter(pino({ level: 'silent' }), logger, metrics);
});

function record(change: Partial<WriteRecord> = {}): WriteRecord {
  return {
    caller: 'mastodon',
    address: '192.0.2.7',
    requestId: 'ABC',
    operation: 'DeleteObject',
    key: 'a',
    status: 204,
    code: undefined,
    outcomes: new Map([['a', 'done']]),
    ms: 5,
    ...change,
  };
}

const readings: OperationName[] = [
  'GetObject',
  'HeadObject',
  'GetObjectAcl',
  'ListObjects',
  'ListObjectsV2',
  'ListParts',
  'ListMultipartUploads',
  'HeadBucket',
  'GetBucketLocation',
];

describe('the audit log', () => {
  test('has a line for a write, with whose key, from where, what, which key and what became of it', () => {
    reporter.written(record());
    expect(lines).toEqual([
      {
        level: 30,
        event: 'audit',
        caller: 'mastodon',
        address: '192.0.2.7',
        request: 'ABC',
        operation: 'DeleteObject',
        status: 204,
        key: 'a',
        outcome: 'done',
        msg: 'write',
      },
    ]);
  });

  test('has a line for each key of a batch', () => {
    const outcomes = new Map(Array.from({ length: 1000 }, (_, n) => [`${n}`, n % 2 === 0 ? 'done' : 'unknown']));
    reporter.written(record({ operation: 'DeleteObjects', key: undefined, status: 200, outcomes }));
    expect(lines.map(({ key, outcome }) => [key, outcome])).toEqual([...outcomes]);
    expect(new Set(lines.map(({ request }) => request))).toEqual(new Set(['ABC']));
  });

  test('has a line for what was refused, with its key and the reason', () => {
    reporter.written(record({ status: 403, code: 'AccessDenied', outcomes: new Map() }));
    expect(lines).toMatchObject([{ operation: 'DeleteObject', key: 'a', status: 403, code: 'AccessDenied' }]);
    expect(lines[0]).not.toHaveProperty('outcome');
  });

  test('has a line for what was not understood, or is nobody’s', () => {
    const nobody = { caller: undefined, operation: undefined, key: undefined, outcomes: new Map() };
    reporter.written(record({ ...nobody, status: 403, code: 'SignatureDoesNotMatch' }));
    expect(lines).toMatchObject([{ address: '192.0.2.7', status: 403, code: 'SignatureDoesNotMatch' }]);
  });

  test.each(readings)('has a line for %s only when it was refused', (operation) => {
    reporter.written(record({ operation, status: 200, outcomes: new Map() }));
    reporter.written(record({ operation, status: 206, outcomes: new Map() }));
    reporter.written(record({ operation, status: 304, outcomes: new Map() }));
    expect(lines).toEqual([]);
    reporter.written(record({ operation, status: 404, code: 'NoSuchKey', outcomes: new Map() }));
    expect(lines).toMatchObject([{ operation, key: 'a', code: 'NoSuchKey' }]);
  });

  test.each(['UploadPart', 'UploadPartCopy'] as const)(
    'has a line for %s, which has no outcome of its own',
    (operation) => {
      reporter.written(record({ operation, status: 200, outcomes: new Map() }));
      expect(lines).toMatchObject([{ operation, key: 'a', status: 200 }]);
    },
  );

  test('can be turned off, and everything is counted all the same', async () => {
    reporter.writeCounted(record());
    reporter.writeCounted(record({ operation: undefined, status: 403, outcomes: new Map([['b', 'AccessDenied']]) }));
    expect(lines).toEqual([]);
    const text = await metrics.registry.metrics();
    expect(text).toMatch(/upstairs_writes_total\{operation="DeleteObject",status="2xx"\} 1/);
    expect(text).toMatch(/upstairs_writes_total\{operation="none",status="4xx"\} 1/);
    expect(text).toMatch(/upstairs_mutations_total\{outcome="done"\} 1/);
    expect(text).not.toContain('outcome="AccessDenied"');
  });
});
