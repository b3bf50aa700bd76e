import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseAmzDate } from '../../src/gateway/amz-date.ts';
import type { RawRequest } from '../../src/gateway/raw-request.ts';
import { S3Error } from '../../src/gateway/s3-error.ts';
import { SignatureVerifier } from '../../src/gateway/signature.ts';
import { needs } from '../support/left-out.ts';
import { singleChanges } from '../support/single-changes.ts';

const script = fileURLToPath(new URL('../clients/sigv4.rb', import.meta.url));
const date = '20260203T040506Z';
const time = parseAmzDate(date) ?? Number.NaN;
const key = {
  name: 'mastodon',
  accessKeyId: 'UPSTAIRSTESTKEY',
  secretAccessKey: 'wJalr/XUtnFEMI+K7MDENG=bPxRfiCY',
  rights: ['read', 'write'],
  prefix: '',
} as const;
const count = 200;

interface Signed {
  readonly request: RawRequest;
  readonly payload: string;
}

/** Requests as Ruby's library signs them. The seed is fixed: what fails, fails again. */
function signedByRuby(): Signed[] {
  const { accessKeyId, secretAccessKey } = key;
  const output = execFileSync('ruby', [script, String(count), '42', accessKeyId, secretAccessKey, 'eu-west-3', date]);
  return output
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { payload, headers, ...request } = JSON.parse(line) as RawRequest & { payload: string };
      const wire = headers.map(([name, value]) => [name, Buffer.from(value).toString('latin1')] as const);
      return { request: { ...request, headers: wire }, payload };
    });
}

function verifier(options: { region?: string; secretAccessKey?: string; accessKeyId?: string; aheadMs?: number } = {}) {
  const { region = 'eu-west-3', aheadMs = 0, ...other } = options;
  return new SignatureVerifier({ keys: [{ ...key, ...other }], region, now: () => time + aheadMs });
}

function refusal(by: SignatureVerifier, request: RawRequest): string {
  try {
    by.verify(request);
  } catch (error) {
    if (error instanceof S3Error) return error.code;
    throw error;
  }
  return 'accepted';
}

describe.skipIf(needs('ruby').skip)("requests signed by AWS's own library for Ruby", () => {
  let signed: Signed[];

  beforeAll(() => {
    signed = signedByRuby();
  });

  test('are accepted, in header and in query', () => {
    expect(signed).toHaveLength(count);
    for (const { request, payload } of signed) {
      const caller = verifier().verify(request);
      expect(caller).toMatchObject({ name: 'mastodon', rights: ['read', 'write'], prefix: '' });
      expect(caller.presigned).toBe(request.rawQuery.includes('X-Amz-Signature='));
      expect(caller.payload).toEqual(
        payload === 'UNSIGNED-PAYLOAD' ? { kind: 'unsigned' } : { kind: 'sha256', hex: payload },
      );
      expect(caller.signedHeaders).toContain('host');
    }
  });

  test('are refused after any single change', { timeout: 120_000 }, () => {
    const accepted: string[] = [];
    let tried = 0;
    for (const { request } of signed) {
      const { signedHeaders } = verifier().verify(request);
      const by = verifier();
      for (const change of singleChanges(request, signedHeaders)) {
        tried += 1;
        if (refusal(by, change.request) === 'accepted')
          accepted.push(`${request.method} ${request.rawPath}?${request.rawQuery}: ${change.what}`);
      }
    }

    expect(accepted.slice(0, 5)).toEqual([]);
    expect(tried).toBeGreaterThan(count * 300);
  });

  test('may have what is not signed changed on the way', () => {
    for (const { request } of signed) {
      const headers = request.headers.map(([name, value]) => [name, name === 'user-agent' ? 'other' : value] as const);
      const relayed = [...headers, ['x-forwarded-for', '192.0.2.1'], ['accept-encoding', 'gzip']] as const;
      expect(refusal(verifier(), { ...request, headers: relayed })).toBe('accepted');
      const turned = request.rawQuery.split('&').reverse().join('&');
      expect(refusal(verifier(), { ...request, rawQuery: turned })).toBe('accepted');
    }
  });

  test('are refused for another secret, key, region or time', () => {
    const eightDays = 8 * 24 * 60 * 60 * 1000;
    for (const { request } of signed) {
      expect(refusal(verifier({ secretAccessKey: 'wJalr/XUtnFEMI+K7MDENG=bPxRfiCX' }), request)).toBe(
        'SignatureDoesNotMatch',
      );
      expect(refusal(verifier({ accessKeyId: 'ANOTHER' }), request)).toBe('InvalidAccessKeyId');
      expect(refusal(verifier({ region: 'us-east-1' }), request)).toMatch(/^Authorization/);
      expect(refusal(verifier({ aheadMs: eightDays }), request)).toMatch(/^(RequestTimeTooSkewed|AccessDenied)$/);
      expect(refusal(verifier({ aheadMs: -16 * 60 * 1000 }), request)).toMatch(/^(RequestTimeTooSkewed|AccessDenied)$/);
    }
  });
});
