import { validateHeaderValue } from 'node:http';
import { describe, expect, it } from 'vitest';
import { objectHeaders, preflightHeaders, refusalHeaders, safetyHeaders } from '../../../src/http/answer-headers.ts';
import type { ObjectMeta } from '../../../src/lib/object-meta.ts';

const mtimeMs = Date.parse('1994-11-06T08:49:37.750Z');
const bare: ObjectMeta = { size: 10, mtimeMs, headers: {} };
const answer = { cacheStatus: 'Upstairs; hit; detail=cache', cors: '*' };

describe('the headers of an object', () => {
  it('have defaults for an object that brings none', () => {
    expect(objectHeaders(bare, answer)).toEqual({
      'content-type': 'application/octet-stream',
      'cache-control': 'public, max-age=31536000, immutable',
      'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT',
      'accept-ranges': 'bytes',
      'cache-status': 'Upstairs; hit; detail=cache',
      'access-control-expose-headers':
        'Accept-Ranges, Content-Range, Content-Length, ETag, Last-Modified, Cache-Status, Age',
      'access-control-allow-origin': '*',
      'content-security-policy': "default-src 'none'; form-action 'none'",
      'x-content-type-options': 'nosniff',
    });
  });

  it('keep what the object was stored with', () => {
    const stored = {
      'content-type': 'image/png',
      'content-disposition': 'inline; filename="a.png"',
      'content-encoding': 'gzip',
      'content-language': 'de',
      'cache-control': 'public, max-age=315576000, immutable',
      expires: 'Sun, 06 Nov 2094 08:49:37 GMT',
    };
    expect(objectHeaders({ ...bare, headers: stored }, answer)).toMatchObject(stored);
  });

  it('let nothing else of the store through', () => {
    const stored = {
      'x-amz-meta-md5chksum': 'x',
      'x-rgw-object-type': 'Normal',
      'set-cookie': 'a=b',
      'content-length': '999',
      'access-control-allow-origin': 'https://evil.test',
      'content-security-policy': 'default-src *',
      'x-content-type-options': 'sniff',
      etag: '"stale"',
      'last-modified': 'never',
    };
    expect(objectHeaders({ ...bare, headers: stored }, answer)).toEqual(objectHeaders(bare, answer));
  });

  it('send the tag and the age when there are any', () => {
    const headers = objectHeaders({ ...bare, etag: '"abc"' }, { ...answer, ageSeconds: 12.9 });
    expect(headers).toMatchObject({ etag: '"abc"', age: '12' });
    expect(objectHeaders(bare, { ...answer, ageSeconds: -1 }).age).toBe('0');
  });

  it('leave an Expires of the object alone', () => {
    const headers = objectHeaders({ ...bare, headers: { expires: '0' } }, answer);
    expect(headers['cache-control']).toBeUndefined();
    expect(headers.expires).toBe('0');
  });

  it('drop a stored value that could not be sent, so that the object stays readable', () => {
    const hostile = { 'content-type': 'image/png\r\nset-cookie: a=b', 'content-disposition': 'inline; filename="😀"' };
    const headers = objectHeaders({ ...bare, headers: hostile }, answer);
    expect(headers['content-type']).toBe('application/octet-stream');
    expect(headers['content-disposition']).toBeUndefined();
    for (const [name, value] of Object.entries(headers)) expect(() => validateHeaderValue(name, value)).not.toThrow();
  });
});

describe('the headers of every other answer', () => {
  it('keep refusals out of every cache', () => {
    expect(refusalHeaders('*')).toEqual({ ...safetyHeaders('*'), 'cache-control': 'no-store' });
  });

  it('answer a preflight', () => {
    expect(preflightHeaders('https://app.test')).toMatchObject({
      'access-control-allow-origin': 'https://app.test',
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
      'access-control-allow-headers': expect.stringContaining('Range, If-Range'),
      'access-control-max-age': '86400',
    });
  });
});
