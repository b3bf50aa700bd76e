import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { authorise } from '../../../src/gateway/authorise.ts';
import { operationOf } from '../../../src/gateway/operation-of.ts';
import type { Caller, Right } from '../../../src/gateway/signature.ts';
import { parseTarget } from '../../../src/gateway/target.ts';
import { codeOf, host, rawRequestOf } from './raw-request-of.ts';

const rights: readonly Right[] = ['read', 'write', 'delete'];

function callerWith(granted: readonly Right[], prefix = ''): Caller {
  return {
    name: 'mastodon',
    rights: granted,
    prefix,
    presigned: false,
    payload: { kind: 'unsigned' },
    signedHeaders: new Set(['host']),
  };
}

type Headers = readonly (readonly [string, string])[];

function refusal(caller: Caller, method: string, url: string, headers: Headers = []): string | undefined {
  const request = rawRequestOf(method, url, headers);
  const operation = operationOf(request, parseTarget(request, [host]));
  return codeOf(() => authorise(caller, operation, 'media'));
}

const copying = (source: string): Headers => [['x-amz-copy-source', source]];

const requests: readonly (readonly [string, string, Headers, readonly Right[]])[] = [
  ['GET', '/media/a', [], ['read']],
  ['HEAD', '/media/a', [], ['read']],
  ['GET', '/media/a?acl', [], ['read']],
  ['GET', '/media/a?uploadId=x', [], ['read']],
  ['GET', '/media', [], ['read']],
  ['GET', '/media?list-type=2', [], ['read']],
  ['GET', '/media?uploads', [], ['read']],
  ['HEAD', '/media', [], ['read']],
  ['GET', '/media?location', [], ['read']],
  ['PUT', '/media/a', [], ['write']],
  ['PUT', '/media/a?acl', [['x-amz-acl', 'private']], ['write']],
  ['POST', '/media/a?uploads', [], ['write']],
  ['PUT', '/media/a?partNumber=1&uploadId=x', [], ['write']],
  ['POST', '/media/a?uploadId=x', [], ['write']],
  ['DELETE', '/media/a?uploadId=x', [], ['write']],
  ['DELETE', '/media/a', [], ['delete']],
  ['POST', '/media?delete', [], ['delete']],
  ['PUT', '/media/a', copying('/media/b'), ['write', 'read']],
  ['PUT', '/media/a?partNumber=1&uploadId=x', copying('/media/b'), ['write', 'read']],
];

describe('a key pair', () => {
  test.each(requests)('needs exactly its rights for %s %s %j: %j', (method, url, headers, needed) => {
    expect(refusal(callerWith(needed), method, url, headers)).toBeUndefined();
    for (const missing of needed) {
      const others = rights.filter((right) => right !== missing);
      expect(refusal(callerWith(others), method, url, headers)).toBe('AccessDenied');
    }
  });

  test.each<[string, string, Headers]>([
    ['GET', '/media/scoped2/a', []],
    ['PUT', '/media/scope', []],
    ['DELETE', '/media/Scoped/a', []],
    ['PUT', '/media/other/a', copying('/media/scoped/a')],
    ['PUT', '/media/scoped/a', copying('/media/other/a')],
    ['PUT', '/media/scoped/a?partNumber=1&uploadId=x', copying('/media/other/a')],
    ['GET', '/media', []],
    ['GET', '/media?prefix=scope', []],
    ['GET', '/media?list-type=2&prefix=other/&start-after=scoped/', []],
    ['GET', '/media?uploads&prefix=', []],
  ])('with a prefix may not: %s %s %j', (method, url, headers) => {
    expect(refusal(callerWith(rights, 'scoped/'), method, url, headers)).toBe('AccessDenied');
  });

  test.each<[string, string, Headers]>([
    ['GET', '/media/scoped/a', []],
    ['PUT', '/media/scoped/a', copying('/media/scoped/b')],
    ['GET', '/media?prefix=scoped/', []],
    ['GET', '/media?list-type=2&prefix=scoped/deeper', []],
    ['GET', '/media?uploads&prefix=scoped%2F', []],
    // The keys are in the body, and looked at one by one.
    ['POST', '/media?delete', []],
  ])('with a prefix may: %s %s %j', (method, url, headers) => {
    expect(refusal(callerWith(rights, 'scoped/'), method, url, headers)).toBeUndefined();
  });

  test.each(['/other/a', 'other/a', '/media2/a'])('may not copy from another bucket: %s', (source) => {
    expect(refusal(callerWith(rights), 'PUT', '/media/a', copying(source))).toBe('AccessDenied');
    expect(refusal(callerWith(rights), 'PUT', '/media/a?partNumber=1&uploadId=x', copying(source))).toBe(
      'AccessDenied',
    );
  });

  test('touches only keys that begin with its prefix, whatever they are', () => {
    const segment = fc.stringMatching(/^[a-z0-9]{1,4}$/);
    const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((all) => all.join('/'));
    fc.assert(
      fc.property(path, path, path, (prefix, key, source) => {
        const inside = (name: string) => name.startsWith(prefix);
        const expected = (...names: string[]) => (names.every(inside) ? undefined : 'AccessDenied');
        const caller = callerWith(rights, prefix);
        expect(refusal(caller, 'GET', `/media/${key}`)).toBe(expected(key));
        expect(refusal(caller, 'PUT', `/media/${key}`, copying(`/media/${source}`))).toBe(expected(key, source));
        expect(refusal(caller, 'GET', `/media?prefix=${key}`)).toBe(expected(key));
        expect(refusal(caller, 'DELETE', `/media/${prefix}/${key}`)).toBeUndefined();
      }),
    );
  });
});
