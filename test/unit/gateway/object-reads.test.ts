import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BucketTrouble } from '../../../src/bucket/bucket.ts';
import type { Call, Reply } from '../../../src/gateway/call.ts';
import { ObjectReads } from '../../../src/gateway/object-reads.ts';
import { operationOf } from '../../../src/gateway/operation-of.ts';
import type { StoreAnswer } from '../../../src/gateway/store-gateway.ts';
import { parseTarget } from '../../../src/gateway/target.ts';
import { type Mark, unmarked } from '../../../src/marks/marks.ts';
import type { Answer, Want } from '../../../src/media/read-through.ts';
import { answered, FakeStore, noAnswer, refused } from './fake-store.ts';
import { host, rawRequestOf } from './raw-request-of.ts';

const etag = '"0123456789abcdef0123456789abcdef"';
const modified = 'Thu, 04 Mar 2021 05:06:07 GMT';
const facts = { 'content-length': '5', etag, 'last-modified': modified, 'content-type': 'image/jpeg' };

let mark: Mark;
let usable: boolean;
let rightBucket: boolean;
let below: Answer;
/** What the sources were asked, and why. */
let asked: { want: Want; trouble: BucketTrouble | undefined }[];
let store: FakeStore;

beforeEach(() => {
  mark = unmarked;
  usable = true;
  rightBucket = true;
  below = { kind: 'absent', why: 'missing' };
  asked = [];
});

async function read(method: 'GET' | 'HEAD', headers: Record<string, string>, ...answers: StoreAnswer[]) {
  const request = rawRequestOf(method, '/media/a.jpg', Object.entries(headers));
  const operation = operationOf(request, parseTarget(request, [host]));
  if (operation.name !== 'GetObject' && operation.name !== 'HeadObject') throw new Error(operation.name);
  store = new FakeStore(...answers);
  const reads = new ObjectReads({
    store,
    reads: {
      findBelow: async (_key, want, trouble) => {
        asked.push({ want, trouble });
        return below;
      },
    },
    usable: () => usable,
    rightBucket: async () => rightBucket,
    mutations: { run: () => Promise.reject(new Error('a read changes nothing')) },
    markOf: async () => mark,
    whereBelow: async () => 'unknown',
    bucket: 'media',
    keyPrefix: '',
    acls: true,
    isPrivate: () => false,
    answerWithinMs: 1000,
    newId: () => 'id',
    now: () => 1_700_000_000_000,
  });
  const call = { request, signal: new AbortController().signal } as unknown as Call;
  return await reads.read(call, operation);
}

const get = (...answers: StoreAnswer[]) => read('GET', {}, ...answers);
const head = (...answers: StoreAnswer[]) => read('HEAD', {}, ...answers);
const bytesOf = ({ body }: Reply) => text(body as Readable);
const codeOf = async (reading: Promise<unknown>) =>
  await reading.then(
    () => undefined,
    ({ code }: { code: string }) => code,
  );

function onDisk(): Answer {
  return {
    kind: 'found',
    tier: 'basement',
    collapsed: false,
    stored: false,
    body: {
      meta: { size: 4, mtimeMs: Date.parse(modified), headers: {}, etag },
      bytes: undefined,
      open: async () => Readable.from([Buffer.from('disk')]),
      release: () => undefined,
    },
  };
}

describe('an object in the bucket', () => {
  test("is answered with its own headers and metadata, and nothing of the store's or ours", async () => {
    const told = { 'x-amz-meta-alt': 'a cat', 'x-amz-meta-mtime': '1.5' };
    const reply = await get(
      answered(
        200,
        {
          ...facts,
          ...told,
          'x-amz-request-id': 'tx',
          'x-amz-meta-upstairs-intent': 'i',
          'x-rgw-object-type': 'Normal',
        },
        'bytes',
      ),
    );
    expect(reply.headers).toEqual({ ...facts, ...told });
    expect([reply.status, await bytesOf(reply)]).toEqual([200, 'bytes']);
    expect(asked).toEqual([]);
  });

  test('is answered to a HEAD without bytes', async () => {
    const reply = await head(answered(200, facts));
    expect([reply.status, reply.headers, reply.body]).toEqual([200, facts, undefined]);
    expect(store.methods).toEqual(['HEAD']);
  });

  test('is answered in part, one request for it', async () => {
    const reply = await read('GET', { range: 'bytes=0-1' }, answered(206, { 'content-range': 'bytes 0-1/5' }, 'by'));
    expect(reply.status).toBe(206);
    expect(store.sent[0]?.headers).toEqual({ range: 'bytes=0-1' });
  });

  test.each([
    ['private', { ...unmarked, shown: 'private' }],
    ['closed below', { ...unmarked, below: 'closed' }],
  ] as const)('that is %s is answered to its owner', async (_what, facts) => {
    mark = facts;
    expect((await get(answered(200, {}, 'bytes'))).status).toBe(200);
  });

  test('that was deleted is gone, and the store is not even asked', async () => {
    mark = { generation: 1, below: 'closed', shown: 'gone' };
    expect(await codeOf(get())).toBe('NoSuchKey');
    expect(await codeOf(head())).toBe('NoSuchKey');
    expect([store.sent, asked]).toEqual([[], []]);
  });
});

describe('conditions are decided here, for stores get them wrong', () => {
  test.each([
    [{ 'if-none-match': etag }, 304],
    [{ 'if-none-match': `W/${etag}` }, 304],
    [{ 'if-none-match': `"x", ${etag}` }, 304],
    [{ 'if-modified-since': modified }, 304],
  ])('%j: unchanged, with the validators and without bytes', async (headers, status) => {
    for (const method of ['GET', 'HEAD'] as const) {
      const reply = await read(method, headers, answered(200, facts));
      expect(reply).toEqual({ status, headers: { etag, 'last-modified': modified } });
      expect(store.sent.map(({ method, headers }) => [method, headers])).toEqual([['HEAD', {}]]);
    }
  });

  test.each([{ 'if-match': '"other"' }, { 'if-unmodified-since': 'Thu, 04 Mar 2021 05:06:06 GMT' }])(
    '%j: not met',
    async (headers) => {
      expect(await codeOf(read('GET', headers, answered(200, facts)))).toBe('PreconditionFailed');
    },
  );

  test('what is met is answered, and no condition goes to the store', async () => {
    const reply = await read('GET', { 'if-match': etag }, answered(200, facts), answered(200, facts, 'bytes'));
    expect(await bytesOf(reply)).toBe('bytes');
    expect(store.sent.map(({ headers }) => headers)).toEqual([{}, {}]);
  });

  test.each([
    [etag, { range: 'bytes=0-1' }],
    [modified, { range: 'bytes=0-1' }],
    ['"other"', {}],
  ])('a range goes with If-Range %s: %j', async (ifRange, sent) => {
    await read('GET', { range: 'bytes=0-1', 'if-range': ifRange }, answered(200, facts), answered(200, facts, 'x'));
    expect(store.sent[1]?.headers).toEqual(sent);
  });

  test('a HEAD of a range with a condition that is met still asks for the range', async () => {
    await read('HEAD', { range: 'bytes=0-1', 'if-match': etag }, answered(200, facts), answered(206, facts));
    expect(store.sent[1]?.headers).toEqual({ range: 'bytes=0-1' });
  });

  test('of an object that the bucket does not have, they are decided on what the source says', async () => {
    below = onDisk();
    const missing = () => [refused(404), refused(404, 'NoSuchKey')];
    expect((await read('GET', { 'if-none-match': etag }, ...missing())).status).toBe(304);
    expect(await codeOf(read('GET', { 'if-match': '"other"' }, ...missing()))).toBe('PreconditionFailed');
    expect(await bytesOf(await read('GET', { 'if-match': etag }, ...missing()))).toBe('disk');
  });
});

describe('an object that the bucket does not have', () => {
  test('comes from a source', async () => {
    below = onDisk();
    expect(await bytesOf(await get(refused(404, 'NoSuchKey')))).toBe('disk');
    expect((await head(refused(404))).headers).toMatchObject({ 'content-length': '4', etag });
    expect(asked).toEqual([
      { want: { head: false, hint: undefined }, trouble: undefined },
      { want: { head: true, hint: undefined }, trouble: undefined },
    ]);
  });

  test('comes in part from a source', async () => {
    below = onDisk();
    const reply = await read('GET', { range: 'bytes=1-2' }, refused(404, 'NoSuchKey'));
    expect(reply).toMatchObject({ status: 206, headers: { 'content-range': 'bytes 1-2/4' } });
    expect(asked[0]?.want.hint).toEqual({ first: 1, last: 2 });
  });

  test('and no source either does not exist', async () => {
    expect(await codeOf(get(refused(404, 'NoSuchKey')))).toBe('NoSuchKey');
  });

  test('at first, and has it now, is asked for once more', async () => {
    below = { kind: 'absent', why: 'landed' };
    expect(await bytesOf(await get(refused(404, 'NoSuchKey'), answered(200, facts, 'bytes')))).toBe('bytes');
    expect(await codeOf(get(refused(404, 'NoSuchKey'), refused(404, 'NoSuchKey')))).toBe('NoSuchKey');
    expect(store.sent).toHaveLength(2);
  });

  test('may exist when a source cannot be asked', async () => {
    below = { kind: 'unavailable', bucket: undefined };
    expect(await codeOf(get(refused(404, 'NoSuchKey')))).toBe('ServiceUnavailable');
  });
});

describe('a bucket that cannot be asked says nothing of an object', () => {
  const troubles: [string, BucketTrouble, () => StoreAnswer][] = [
    ['does not answer', 'timeout', () => noAnswer()],
    ['is in trouble', 'server-error', () => refused(500, 'InternalError')],
    ['is busy', 'server-error', () => refused(503, 'SlowDown')],
    ['does not exist', 'server-error', () => refused(404, 'NoSuchBucket')],
    ['does not know our keys', 'server-error', () => refused(403, 'InvalidAccessKeyId')],
  ];

  test.each(troubles)('that %s: a source answers, told of "%s"', async (_what, trouble, answer) => {
    below = onDisk();
    expect(await bytesOf(await get(answer()))).toBe('disk');
    expect(asked[0]?.trouble).toBe(trouble);
  });

  test.each(troubles)('that %s: without a source it is unavailable, not missing', async (_what, trouble, answer) => {
    below = { kind: 'unavailable', bucket: trouble };
    expect(await codeOf(get(answer()))).toBe('ServiceUnavailable');
    expect(await codeOf(head(answer()))).toBe('ServiceUnavailable');
  });

  test.each(['GET', 'HEAD'] as const)(
    'that says "missing" and is another one now is not believed: %s',
    async (method) => {
      rightBucket = false;
      below = { kind: 'unavailable', bucket: 'identity' };
      expect(await codeOf(read(method, {}, refused(404)))).toBe('ServiceUnavailable');
      expect(asked[0]?.trouble).toBe('identity');
    },
  );

  test('that is known to be another one is not asked', async () => {
    usable = false;
    below = onDisk();
    expect(await bytesOf(await read('GET', { 'if-match': etag }))).toBe('disk');
    expect(store.sent).toEqual([]);
    expect(asked[0]?.trouble).toBe('timeout');
  });
});

test.each([
  [403, 'AccessDenied'],
  [416, 'InvalidRange'],
])('what the store refuses with %i %s, the client is told, and no source is asked', async (status, code) => {
  below = onDisk();
  expect(await codeOf(read('GET', { range: 'bytes=99-' }, refused(status, code)))).toBe(code);
  expect(await codeOf(read('HEAD', { range: 'bytes=99-' }, refused(status)))).toBe(code);
  expect(asked).toEqual([]);
});
