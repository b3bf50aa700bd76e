import { Hash } from '@smithy/hash-node';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeKey } from '../../../src/bucket/bucket-address.ts';
import { RequestSigner, type UnsignedRequest } from '../../../src/bucket/request-signer.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'testtest' };
const now = () => Date.UTC(2026, 1, 3, 4, 5, 6, 789);
const signer = new RequestSigner({ region: 'us-east-1', credentials, now });

/** The same request, signed by the SDK's signer. */
async function asTheSdk({ method, host, path, query, headers, payloadHash }: UnsignedRequest): Promise<string> {
  const sdk = new SignatureV4({
    service: 's3',
    region: 'us-east-1',
    credentials,
    sha256: Hash.bind(null, 'sha256'),
    uriEscapePath: false,
  });
  const wanted = Object.entries(headers).filter(([name]) =>
    /^(x-amz-.*|content-type|content-md5|if-none-match)$/.test(name),
  );
  const request = new HttpRequest({
    method,
    protocol: 'http:',
    hostname: host,
    path,
    query: Object.fromEntries(query),
    headers: { ...Object.fromEntries(wanted), host, 'x-amz-content-sha256': payloadHash },
  });
  const signed = await sdk.sign(request, { signingDate: new Date(now()) });
  return signed.headers.authorization ?? '';
}

// A query of the name __proto__ is lost in the SDK's own signer.
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((name) => name !== '__proto__');
const ascii = fc.string({ maxLength: 20 });

describe('a request for the store', () => {
  test('is signed as the SDK signs it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD'),
          host: fc.constantFrom('s3.example', 'media.s3.example:8443'),
          path: text.map((key) => `/media/${encodeKey(key)}`),
          query: fc.uniqueArray(fc.tuple(text, text), { maxLength: 4, selector: ([name]) => name }),
          headers: fc.dictionary(
            fc.constantFrom(
              'content-type',
              'content-md5',
              'cache-control',
              'if-none-match',
              'range',
              'x-amz-acl',
              'x-amz-meta-a',
              'x-amz-meta-b',
            ),
            ascii,
            { noNullPrototype: true },
          ),
          payloadHash: fc.constantFrom('UNSIGNED-PAYLOAD', 'ab'.repeat(32)),
        }),
        async (request) => {
          expect(signer.signed(request).headers.authorization).toBe(await asTheSdk(request));
        },
      ),
    );
  });

  test('is sent to the address that was signed, and keeps what needs no signature', () => {
    const { target, headers } = signer.signed({
      method: 'PUT',
      host: 's3.example',
      path: '/media/../a%20b',
      query: [
        ['uploadId', 'a+b/c='],
        ['acl', ''],
        ['acl', '!'],
      ],
      headers: { 'cache-control': 'public', 'x-amz-acl': 'private' },
      payloadHash: 'UNSIGNED-PAYLOAD',
    });
    expect(target).toBe('/media/../a%20b?acl=&acl=%21&uploadId=a%2Bb%2Fc%3D');
    expect(headers).toMatchObject({ host: 's3.example', 'cache-control': 'public', 'x-amz-date': '20260203T040506Z' });
    expect(headers.authorization).toContain('SignedHeaders=host;x-amz-acl;x-amz-content-sha256;x-amz-date,');
  });

  test('gets a new key each day', () => {
    let time = now();
    const daily = new RequestSigner({ region: 'us-east-1', credentials, now: () => time });
    const scopes = [0, 86_400_000].map((later) => {
      time = now() + later;
      const fresh = new RequestSigner({ region: 'us-east-1', credentials, now: () => time });
      expect(daily.sign('GET', 's3.example', '/media/a')).toEqual(fresh.sign('GET', 's3.example', '/media/a'));
      return /Credential=([^,]+)/.exec(daily.sign('GET', 's3.example', '/media/a').authorization ?? '')?.[1];
    });
    expect(scopes).toEqual(['test/20260203/us-east-1/s3/aws4_request', 'test/20260204/us-east-1/s3/aws4_request']);
  });
});
