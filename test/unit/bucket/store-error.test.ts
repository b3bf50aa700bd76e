import { describe, expect, test } from 'vitest';
import { refused, storeErrorOf } from '../../../src/bucket/store-error.ts';
import { troubleOf } from '../../../src/bucket/trouble.ts';

const answered = (httpStatusCode: number, name = 'SomeError') =>
  Object.assign(new Error('secret signature'), { name, $metadata: { httpStatusCode } });

describe('what a store answered to an upload', () => {
  test.each([400, 401, 403, 404, 405, 409, 411, 412, 413, 416])('%d did not happen, for certain', (status) => {
    expect(refused(storeErrorOf(answered(status)))).toBe(true);
  });

  test.each([408, 429, 500, 502, 503, 504])('%d may have happened', (status) => {
    expect(refused(storeErrorOf(answered(status)))).toBe(false);
  });

  test('nothing may have happened', () => {
    expect(refused(storeErrorOf(new Error('socket hang up')))).toBe(false);
    expect(storeErrorOf(Object.assign(new Error(), { code: 'ECONNRESET' }))).toEqual({
      status: undefined,
      code: 'ECONNRESET',
      slowDown: false,
    });
  });

  test.each([
    [503, 'ServiceUnavailable'],
    [429, 'TooManyRequests'],
    [400, 'SlowDown'],
  ])('%d %s asks to slow down', (status, name) => {
    expect(storeErrorOf(answered(status, name)).slowDown).toBe(true);
    expect(refused(storeErrorOf(answered(status, name)))).toBe(false);
  });

  test('is told by its name, never by its text, which may hold a signature', () => {
    expect(JSON.stringify(storeErrorOf(answered(403, 'AccessDenied')))).not.toContain('signature');
    expect(storeErrorOf(answered(403, 'AccessDenied')).code).toBe('AccessDenied');
  });
});

describe('what went wrong on the way to the store', () => {
  test.each([
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
    ['UND_ERR_HEADERS_TIMEOUT', 'timeout'],
    ['UND_ERR_BODY_TIMEOUT', 'timeout'],
    ['ETIMEDOUT', 'timeout'],
    ['ECONNREFUSED', 'connect'],
    ['ECONNRESET', 'connect'],
    ['ENOTFOUND', 'connect'],
    ['UND_ERR_SOCKET', 'connect'],
    ['HPE_INVALID_CONSTANT', 'protocol'],
  ])('%s is called %s', (code, trouble) => {
    expect(troubleOf(Object.assign(new Error(), { code }))).toBe(trouble);
  });

  test('is a time-out when a deadline passed', () => {
    expect(troubleOf(AbortSignal.timeout(0).reason ?? new DOMException('late', 'TimeoutError'))).toBe('timeout');
  });
});
