import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Call, Reply } from '../../../src/gateway/call.ts';
import type { OperationName } from '../../../src/gateway/operation.ts';
import { RelayedError } from '../../../src/gateway/relayed-error.ts';
import { S3Error } from '../../../src/gateway/s3-error.ts';
import type { Caller, Right } from '../../../src/gateway/signature.ts';
import { WriteHandler, type WriteHandlerOptions, type WriteRecord } from '../../../src/gateway/write-handler.ts';
import type { Incoming } from '../../../src/gateway/write-server.ts';
import { host, rawRequestOf } from './raw-request-of.ts';

type Headers = readonly (readonly [string, string])[];

const sha256 = '0'.repeat(64);
const copying: Headers = [['x-amz-copy-source', '/media/b']];

let records: WriteRecord[];
/** Which handler was called, and for which operation. */
let called: [string, OperationName | undefined][];
let usable: boolean;
let caller: Caller | S3Error;
let answer: (call: Call) => Promise<Reply> | Reply;
let bodyAsked: number;

beforeEach(() => {
  records = [];
  called = [];
  usable = true;
  caller = callerWith({});
  answer = () => ({ status: 200 });
  bodyAsked = 0;
});

function callerWith({ rights = ['read', 'write', 'delete'], prefix = '', unsigned = false }): Caller {
  return {
    name: 'mastodon',
    rights: rights as Right[],
    prefix,
    presigned: false,
    payload: unsigned ? { kind: 'unsigned' } : { kind: 'sha256', hex: sha256 },
    signedHeaders: new Set(),
  };
}

/** Every method tells its name. */
function listening<T extends object>(...names: (keyof T & string)[]): T {
  const method = (name: string) => [
    name,
    async (call: Call, operation?: { name: OperationName }) => {
      called.push([name, operation?.name]);
      return await answer(call);
    },
  ];
  return Object.fromEntries(names.map(method)) as T;
}

function handler(): WriteHandler {
  return new WriteHandler({
    verifier: {
      verify: () => {
        if (caller instanceof Error) throw caller;
        return caller;
      },
    },
    hosts: [host],
    bucket: 'media',
    usable: () => usable,
    reads: listening<WriteHandlerOptions['reads']>('read'),
    writes: listening<WriteHandlerOptions['writes']>('put', 'delete', 'putAcl', 'getAcl'),
    copies: listening<WriteHandlerOptions['copies']>('copy', 'copyPart'),
    batch: listening<WriteHandlerOptions['batch']>('delete'),
    uploads: listening<WriteHandlerOptions['uploads']>('create', 'part', 'complete', 'abort', 'listParts'),
    questions: listening<WriteHandlerOptions['questions']>('objects', 'uploads', 'head', 'location'),
    passed: () => undefined,
    done: (record) => records.push(record),
  });
}

interface Ask {
  readonly headers?: Headers;
  readonly secure?: boolean;
  readonly body?: string;
}

function ask(method: string, url: string, { headers = [], secure = false, body = '' }: Ask = {}): Promise<Reply> {
  const incoming: Incoming = {
    raw: rawRequestOf(method, url, headers),
    requestId: 'REQUEST',
    address: '192.0.2.7',
    secure,
    body: () => {
      bodyAsked += 1;
      return new PassThrough().end(body) as unknown as IncomingMessage;
    },
    signal: new AbortController().signal,
  };
  return handler().handle(incoming);
}

const refusal = (...asked: Parameters<typeof ask>) =>
  ask(...asked).then(
    () => undefined,
    ({ code }: { code: string }) => code,
  );

const operations: readonly (readonly [string, string, Headers, string, OperationName])[] = [
  ['GET', '/media/a', [], 'read', 'GetObject'],
  ['HEAD', '/media/a', [], 'read', 'HeadObject'],
  ['PUT', '/media/a', [], 'put', 'PutObject'],
  ['DELETE', '/media/a', [], 'delete', 'DeleteObject'],
  ['PUT', '/media/a?acl', [['x-amz-acl', 'private']], 'putAcl', 'PutObjectAcl'],
  ['GET', '/media/a?acl', [], 'getAcl', 'GetObjectAcl'],
  ['PUT', '/media/a', copying, 'copy', 'CopyObject'],
  ['PUT', '/media/a?partNumber=1&uploadId=x', copying, 'copyPart', 'UploadPartCopy'],
  ['POST', '/media/a?uploads', [], 'create', 'CreateMultipartUpload'],
  ['PUT', '/media/a?partNumber=1&uploadId=x', [], 'part', 'UploadPart'],
  ['POST', '/media/a?uploadId=x', [], 'complete', 'CompleteMultipartUpload'],
  ['DELETE', '/media/a?uploadId=x', [], 'abort', 'AbortMultipartUpload'],
  ['GET', '/media/a?uploadId=x', [], 'listParts', 'ListParts'],
  ['GET', '/media', [], 'objects', 'ListObjects'],
  ['GET', '/media?list-type=2', [], 'objects', 'ListObjectsV2'],
  ['GET', '/media?uploads', [], 'uploads', 'ListMultipartUploads'],
];
const questions: readonly (readonly [string, string, Headers, string, OperationName])[] = [
  ['POST', '/media?delete', [], 'delete', 'DeleteObjects'],
  ['HEAD', '/media', [], 'head', 'HeadBucket'],
  ['GET', '/media?location', [], 'location', 'GetBucketLocation'],
];

describe('a request that is granted', () => {
  test.each(operations)('%s %s %j goes to "%s" as %s', async (method, url, headers, name, operation) => {
    await ask(method, url, { headers });
    expect(called).toEqual([[name, operation]]);
    expect(records).toMatchObject([{ caller: 'mastodon', operation, status: 200, code: undefined }]);
  });

  test.each(questions)('%s %s %j goes to "%s"', async (method, url, headers, name, operation) => {
    await ask(method, url, { headers });
    expect(called.map(([to]) => to)).toEqual([name]);
    expect(records).toMatchObject([{ operation, status: 200, key: undefined }]);
  });

  test('is on record with who, from where, what and how it ended', async () => {
    answer = (call) => {
      call.audited('a', 'done');
      return { status: 204 };
    };
    await ask('DELETE', '/media/a');
    expect(records).toEqual([
      {
        caller: 'mastodon',
        address: '192.0.2.7',
        requestId: 'REQUEST',
        operation: 'DeleteObject',
        key: 'a',
        status: 204,
        code: undefined,
        outcomes: new Map([['a', 'done']]),
        ms: expect.any(Number),
      },
    ]);
  });

  test('gives its body only to who asks for it, and verified', async () => {
    const headers: Headers = [['content-length', '4']];
    answer = (call) => {
      expect(bodyAsked).toBe(0);
      expect(call.announced()).toEqual({ size: 4, sha256 });
      return { status: 200, body: call.body(call.announced()) };
    };
    const { body } = await ask('PUT', '/media/a', { headers, body: 'evil' });
    expect(bodyAsked).toBe(1);
    await expect(text(body as PassThrough)).rejects.toMatchObject({ code: 'XAmzContentSHA256Mismatch' });
  });
});

describe('a request that is refused', () => {
  test('by its signature is nobody’s, reaches no handler, and is not asked for its body', async () => {
    caller = new S3Error('SignatureDoesNotMatch', 'no');
    expect(await refusal('PUT', '/media/a', { body: 'x' })).toBe('SignatureDoesNotMatch');
    expect([called, bodyAsked]).toEqual([[], 0]);
    expect(records).toMatchObject([
      { caller: undefined, operation: undefined, key: undefined, status: 403, code: 'SignatureDoesNotMatch' },
    ]);
  });

  test.each<[string, string, string, string, OperationName | undefined]>([
    ['another host', 'GET', '/media/a', 'InvalidRequest', undefined],
    ['another bucket', 'GET', '/other/a', 'NoSuchBucket', 'GetObject'],
    ['a bucket of its own', 'PUT', '/media', 'AccessDenied', undefined],
    ['a reserved key', 'PUT', '/media/_upstairs/identity', 'AccessDenied', undefined],
    ['a dot segment', 'GET', '/media/a/../b', 'InvalidURI', undefined],
    ['an unknown parameter', 'GET', '/media/a?torrent', 'NotImplemented', undefined],
  ])('for %s says so, and whose it was', async (_what, method, url, code, operation) => {
    const headers: Headers = _what === 'another host' ? [['host', 'evil.test']] : [];
    expect(await refusal(method, url, { headers })).toBe(code);
    expect([called, bodyAsked]).toEqual([[], 0]);
    expect(records).toMatchObject([{ caller: 'mastodon', operation, code }]);
  });

  test('for want of a right or outside its prefix says which key it was', async () => {
    caller = callerWith({ rights: ['read'] });
    expect(await refusal('DELETE', '/media/a')).toBe('AccessDenied');
    caller = callerWith({ prefix: 'scoped/' });
    expect(await refusal('DELETE', '/media/a')).toBe('AccessDenied');
    expect(called).toEqual([]);
    expect(records).toMatchObject([
      { operation: 'DeleteObject', key: 'a', status: 403, code: 'AccessDenied' },
      { operation: 'DeleteObject', key: 'a', status: 403, code: 'AccessDenied' },
    ]);
  });

  test('by its handler is on record with what became of each key', async () => {
    answer = (call) => {
      call.audited('a', 'refused');
      throw new RelayedError('BadDigest', 400, 'no');
    };
    expect(await refusal('PUT', '/media/a')).toBe('BadDigest');
    expect(records).toMatchObject([{ status: 400, code: 'BadDigest', outcomes: new Map([['a', 'refused']]) }]);
  });

  test('by a bug of ours is on record as that', async () => {
    answer = () => {
      throw new TypeError('undefined is not a function');
    };
    await expect(ask('PUT', '/media/a')).rejects.toThrow(TypeError);
    expect(records).toMatchObject([{ status: 500, code: 'InternalError' }]);
  });
});

describe('a payload that the signature does not vouch for', () => {
  const body: Headers = [['content-length', '4']];
  const chunked: Headers = [['transfer-encoding', 'chunked']];
  beforeEach(() => {
    caller = callerWith({ unsigned: true });
  });

  test.each([body, chunked])('is refused in plain text: %j', async (...headers) => {
    expect(await refusal('PUT', '/media/a', { headers })).toBe('InvalidRequest');
    expect([called, bodyAsked]).toEqual([[], 0]);
  });

  test('is taken over TLS', async () => {
    expect(await refusal('PUT', '/media/a', { headers: body, secure: true })).toBeUndefined();
  });

  test.each<[string, Headers]>([
    ['GET', []],
    ['DELETE', []],
    ['PUT', [['content-length', '0']]],
  ])('is no payload at all in a %s without a body', async (method, headers) => {
    expect(await refusal(method, '/media/a', { headers })).toBeUndefined();
  });

  test('is taken in plain text where the signature does vouch for it', async () => {
    caller = callerWith({});
    expect(await refusal('PUT', '/media/a', { headers: body })).toBeUndefined();
  });
});

describe('while the bucket is not known to be the right one', () => {
  const without = new Set<OperationName>([
    'GetObject',
    'HeadObject',
    'DeleteObject',
    'DeleteObjects',
    'PutObjectAcl',
    'HeadBucket',
    'GetBucketLocation',
  ]);
  beforeEach(() => {
    usable = false;
  });

  test.each([...operations, ...questions])('%s %s %j (%s, %s)', async (method, url, headers, _to, operation) => {
    const goesOn = without.has(operation);
    expect(await refusal(method, url, { headers })).toBe(goesOn ? undefined : 'ServiceUnavailable');
    expect(called).toHaveLength(goesOn ? 1 : 0);
  });

  test('who may not do a thing is told that first', async () => {
    caller = callerWith({ rights: ['read'] });
    expect(await refusal('PUT', '/media/a')).toBe('AccessDenied');
  });
});
