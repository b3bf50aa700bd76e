import { Readable } from 'node:stream';
import { errors } from 'undici';
import { expect, test, vi } from 'vitest';
import { troubleOf } from '../../../src/bucket/trouble.ts';
import { S3Error } from '../../../src/gateway/s3-error.ts';
import type { StoreAnswer, StoreRequest } from '../../../src/gateway/store-gateway.ts';
import { WatchedStore } from '../../../src/gateway/watched-store.ts';

async function told(answer: StoreAnswer, signal = new AbortController().signal): Promise<unknown[][]> {
  const ended = vi.fn();
  const store = new WatchedStore({ store: { send: async () => answer }, troubleOf, ended });
  const request: StoreRequest = { method: 'PUT', key: 'a', query: [], headers: {}, signal };
  expect(await store.send(request)).toBe(answer);
  return ended.mock.calls;
}

const answered = (status: number): StoreAnswer => ({ kind: 'answered', status, headers: {}, body: Readable.from([]) });
const unknown = (cause: unknown, bodyError?: S3Error): StoreAnswer => ({
  kind: 'unknown',
  cause,
  sentNothing: false,
  ...(bodyError && { bodyError }),
});

test.each([
  [200, undefined],
  [404, undefined],
  [409, undefined],
  [412, undefined],
  [403, 'refused'],
  [500, 'server-error'],
  [503, 'slow-down'],
])('the store’s answer of %d to the write host is told as %s', async (status, trouble) => {
  expect(await told(answered(status))).toEqual([[trouble]]);
});

test('a store that does not answer in time, or cannot be reached, is told', async () => {
  expect(await told(unknown(new errors.HeadersTimeoutError()))).toEqual([['timeout']]);
  expect(await told(unknown(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })))).toEqual([['connect']]);
});

test('a client who left, or whose upload broke, says nothing about the store', async () => {
  expect(await told(unknown(new Error('left')), AbortSignal.abort())).toEqual([]);
  expect(await told(unknown(new Error('broke'), new S3Error('IncompleteBody', 'broke')))).toEqual([]);
});
