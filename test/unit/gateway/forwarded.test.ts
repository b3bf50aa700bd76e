import { describe, expect, test } from 'vitest';
import { forwardedOf, lateError } from '../../../src/gateway/forwarded.ts';
import { S3Error } from '../../../src/gateway/s3-error.ts';
import type { StoreAnswer } from '../../../src/gateway/store-gateway.ts';
import type { MutationKind } from '../../../src/marks/marks.ts';
import type { Forwarded } from '../../../src/protocol/state.ts';
import { answered, noAnswer, refused } from './fake-store.ts';

const kinds: readonly MutationKind[] = ['delete', 'put', 'acl-private', 'acl-public'];
const hiding: readonly MutationKind[] = ['delete', 'acl-private'];

async function said(answer: StoreAnswer, kind: MutationKind): Promise<[Forwarded, string | undefined]> {
  const { answer: told, error } = await forwardedOf(answer, kind);
  return [told, (error as { code?: string } | undefined)?.code];
}

describe('a mutation that the store answered', () => {
  test.each(kinds)('%s: with 2xx is done, and its body is left alone', async (kind) => {
    for (const status of [200, 204]) {
      const answer = answered(status, {}, 'a document');
      expect(await said(answer, kind)).toEqual(['done', undefined]);
      expect(answer.kind === 'answered' && answer.body.readableDidRead).toBe(false);
    }
  });

  test.each(kinds)('%s: with an error of its own was refused, and the client is told the same', async (kind) => {
    expect(await said(refused(400, 'BadDigest'), kind)).toEqual(['refused', 'BadDigest']);
    expect(await said(refused(403, 'AccessDenied'), kind)).toEqual(['refused', 'AccessDenied']);
    expect(await said(refused(412), kind)).toEqual(['refused', 'PreconditionFailed']);
  });

  test.each(kinds)('%s: with 5xx or "later" has no known outcome, and no word of the store goes on', async (kind) => {
    for (const status of [500, 502, 503, 504, 507])
      expect(await said(refused(status, 'SecretInternals'), kind)).toEqual(['unknown', 'SlowDown']);
    expect(await said(refused(408, 'RequestTimeout'), kind)).toEqual(['unknown', 'RequestTimeout']);
  });

  test.each([
    [429, 'TooManyRequests'],
    [301, 'PermanentRedirect'],
    [404, 'NoSuchBucket'],
    [403, 'SignatureDoesNotMatch'],
    [403, 'InvalidAccessKeyId'],
  ])('with %i %s, which says nothing of the key: what hides is kept, an upload is not', async (status, code) => {
    for (const kind of hiding) expect((await said(refused(status, code), kind))[0]).toBe('unknown');
    expect((await said(refused(status, code), 'acl-public'))[0]).toBe('unknown');
    const [answer, told] = await said(refused(status, code), 'put');
    expect(answer).toBe('refused');
    expect(told).not.toBe(code);
  });

  test('deletes what is not there', async () => {
    expect(await said(refused(404, 'NoSuchKey'), 'delete')).toEqual(['done', undefined]);
    expect(await said(refused(404, 'NoSuchKey'), 'acl-private')).toEqual(['refused', 'NoSuchKey']);
  });
});

describe('a mutation without an answer', () => {
  test.each(kinds)('%s: has no known outcome when it may have arrived', async (kind) => {
    expect(await said(noAnswer(), kind)).toEqual(['unknown', 'ServiceUnavailable']);
  });

  test('that was certainly never sent is refused, but not what has to be done all the same', async () => {
    expect(await said(noAnswer(true), 'put')).toEqual(['refused', 'ServiceUnavailable']);
    for (const kind of ['delete', 'acl-private', 'acl-public'] as const)
      expect((await said(noAnswer(true), kind))[0]).toBe('unknown');
  });

  test('because the body broke is told as what it broke with', async () => {
    const bodyError = new S3Error('BadDigest', 'wrong');
    const answer: StoreAnswer = { kind: 'unknown', cause: bodyError, sentNothing: true, bodyError };
    expect(await said(answer, 'put')).toEqual(['refused', 'BadDigest']);
  });
});

describe('an error inside a 200', () => {
  test.each([
    ['InternalError', 'SlowDown', 503],
    ['SlowDown', 'SlowDown', 503],
    ['InvalidPart', 'InvalidPart', 400],
    ['EntityTooSmall', 'EntityTooSmall', 400],
  ])('%s leaves the outcome open, and is told as %s', (code, told, status) => {
    expect(lateError({ code, message: 'm' })).toMatchObject({ answer: 'unknown', error: { code: told, status } });
  });
});
