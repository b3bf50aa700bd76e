import { Hash } from '@smithy/hash-node';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeKey } from '../../../src/bucket/bucket-address.ts';
import { RequestSigner } from '../../../src/bucket/request-signer.ts';
import type { RawRequest } from '../../../src/gateway/raw-request.ts';
import { S3Error } from '../../../src/gateway/s3-error.ts';
import { type AccessKey, SignatureVerifier } from '../../../src/gateway/signature.ts';
import { singleChanges } from '../../support/single-changes.ts';

const now = Date.UTC(2026, 1, 3, 4, 5, 6);
const signingDate = new Date(now);
const key: AccessKey = { name: 'sdk', accessKeyId: 'AK', secretAccessKey: 'a secret/+=', rights: ['read'], prefix: '' };
const verifier = new SignatureVerifier({ keys: [key], region: 'us-east-1', now: () => now });
const sdk = new SignatureV4({
  service: 's3',
  region: 'us-east-1',
  credentials: key,
  sha256: Hash.bind(null, 'sha256'),
  uriEscapePath: false,
});
const sha256 = 'ab'.repeat(32);

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((made) => made.isWellFormed());
/** The SDK keeps parameters in a plain object, in which this name is none. */
const parameter = text.filter((made) => made !== '__proto__');
const value = fc.string({ maxLength: 20 });
/** Names of the SDK's own that are not its to sign are not among them. */
const header = fc.constantFrom('content-type', 'content-md5', 'range', 'if-match', 'x-amz-acl', 'x-amz-meta-a');
const asked = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD'),
  hostname: fc.constantFrom('s3.example', 'media.s3.example:8443'),
  path: text.map((name) => `/media/${encodeKey(name)}`),
  query: fc.dictionary(parameter, fc.oneof(text, fc.constant(''), fc.array(text, { minLength: 2, maxLength: 3 })), {
    maxKeys: 4,
    noNullPrototype: true,
  }),
  headers: fc.dictionary(header, value, { noNullPrototype: true }),
  payload: fc.constantFrom('UNSIGNED-PAYLOAD', sha256),
});

type SdkRequest = Awaited<ReturnType<typeof sdk.presign>>;
type Asked = typeof asked extends fc.Arbitrary<infer T> ? T : never;

function asHttp({ method, hostname, path, query, headers }: Asked, more: Record<string, string>): HttpRequest {
  return new HttpRequest({
    method,
    protocol: 'https:',
    hostname,
    path,
    query,
    headers: { ...headers, host: hostname, ...more },
  });
}

/** As the SDK's HTTP handler puts it on the wire: in its own encoding of a query. */
function asRaw({ method, path, query = {}, headers }: SdkRequest): RawRequest {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value ?? ''].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
  );
  return { method, rawPath: path, rawQuery: pairs.join('&'), headers: Object.entries(headers) };
}

function expectedPayload(payload: string): unknown {
  return payload === 'UNSIGNED-PAYLOAD' ? { kind: 'unsigned' } : { kind: 'sha256', hex: payload };
}

function isAccepted(request: RawRequest): boolean {
  try {
    verifier.verify(request);
    return true;
  } catch (error) {
    if (error instanceof S3Error) return false;
    throw error;
  }
}

describe('a request that the JavaScript SDK signed', () => {
  test('is accepted with its signature in a header', async () => {
    await fc.assert(
      fc.asyncProperty(asked, async (made) => {
        const signed = await sdk.sign(asHttp(made, { 'x-amz-content-sha256': made.payload }), { signingDate });
        const caller = verifier.verify(asRaw(signed));
        expect(caller).toMatchObject({ name: 'sdk', presigned: false, payload: expectedPayload(made.payload) });
      }),
    );
  });

  test('is accepted with its signature in the query, wherever its headers stand', async () => {
    await fc.assert(
      fc.asyncProperty(asked, fc.boolean(), fc.integer({ min: 1, max: 604_800 }), async (made, moved, expiresIn) => {
        const kept = moved ? [] : ['x-amz-content-sha256', 'x-amz-acl', 'x-amz-meta-a'];
        const request = asHttp(made, { 'X-Amz-Content-Sha256': made.payload });
        const signed = await sdk.presign(request, { signingDate, expiresIn, unhoistableHeaders: new Set(kept) });
        const headers = Object.fromEntries(Object.entries(signed.headers).map(([k, v]) => [k.toLowerCase(), v]));
        const caller = verifier.verify(asRaw({ ...signed, headers }));
        expect(caller).toMatchObject({ name: 'sdk', presigned: true, payload: expectedPayload(made.payload) });
      }),
    );
  });

  test('is refused after any single change', async () => {
    await fc.assert(
      fc.asyncProperty(asked, fc.boolean(), async (made, inQuery) => {
        const signed = inQuery
          ? await sdk.presign(asHttp(made, { 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' }), { signingDate })
          : await sdk.sign(asHttp(made, { 'x-amz-content-sha256': made.payload }), { signingDate });
        const raw = asRaw(signed);
        const { signedHeaders } = verifier.verify(raw);
        for (const change of singleChanges(raw, signedHeaders))
          if (isAccepted(change.request)) expect.fail(`accepted with another ${change.what}`);
      }),
      { numRuns: 20 },
    );
  });
});

test("a request that this program's own signer signed is accepted", () => {
  const signer = new RequestSigner({ region: 'us-east-1', credentials: key, now: () => now });
  fc.assert(
    fc.property(asked, ({ method, hostname, path, query, headers, payload }) => {
      const pairs = Object.entries(query).flatMap(([name, value]) => [value].flat().map((one) => [name, one] as const));
      const signed = signer.signed({ method, host: hostname, path, query: pairs, headers, payloadHash: payload });
      const [rawPath = '', rawQuery = ''] = signed.target.split('?');
      expect(verifier.verify({ method, rawPath, rawQuery, headers: Object.entries(signed.headers) }).name).toBe('sdk');
    }),
  );
});
