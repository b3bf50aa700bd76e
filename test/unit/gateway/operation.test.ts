import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Operation } from '../../../src/gateway/operation.ts';
import { operationOf } from '../../../src/gateway/operation-of.ts';
import { parseTarget } from '../../../src/gateway/target.ts';
import { codeOf, host, rawRequestOf } from './raw-request-of.ts';

type Headers = readonly (readonly [string, string])[];

function ask(method: string, url: string, headers: Headers = []): Operation {
  const request = rawRequestOf(method, url, headers);
  return operationOf(request, parseTarget(request, [host]));
}

const copyOf = ['x-amz-copy-source', '/media/from.jpg'] as const;

describe('the operation of a request', () => {
  it.each<[string, string, Headers, Operation['name'], Operation['right']]>([
    ['PUT', '/media/a', [], 'PutObject', 'write'],
    ['GET', '/media/a', [], 'GetObject', 'read'],
    ['HEAD', '/media/a', [], 'HeadObject', 'read'],
    ['DELETE', '/media/a', [], 'DeleteObject', 'delete'],
    ['POST', '/media?delete', [], 'DeleteObjects', 'delete'],
    ['POST', '/media/?delete=', [], 'DeleteObjects', 'delete'],
    ['PUT', '/media/a', [copyOf], 'CopyObject', 'write'],
    ['PUT', '/media/a?acl', [['x-amz-acl', 'private']], 'PutObjectAcl', 'write'],
    ['GET', '/media/a?acl', [], 'GetObjectAcl', 'read'],
    ['POST', '/media/a?uploads', [], 'CreateMultipartUpload', 'write'],
    ['PUT', '/media/a?partNumber=1&uploadId=2~x', [], 'UploadPart', 'write'],
    ['PUT', '/media/a?partNumber=1&uploadId=2~x', [copyOf], 'UploadPartCopy', 'write'],
    ['POST', '/media/a?uploadId=2~x', [], 'CompleteMultipartUpload', 'write'],
    ['DELETE', '/media/a?uploadId=2~x', [], 'AbortMultipartUpload', 'write'],
    ['GET', '/media/a?uploadId=2~x', [], 'ListParts', 'read'],
    ['GET', '/media?uploads', [], 'ListMultipartUploads', 'read'],
    ['GET', '/media', [], 'ListObjects', 'read'],
    ['GET', '/media?list-type=2&fetch-owner=true', [], 'ListObjectsV2', 'read'],
    ['HEAD', '/media', [], 'HeadBucket', 'read'],
    ['GET', '/media?location', [], 'GetBucketLocation', 'read'],
  ])('%s %s %j is %s, and needs the right to %s', (method, url, headers, name, right) => {
    expect(ask(method, url, headers)).toMatchObject({ name, right });
  });

  it.each<[string, string, string]>([
    ['GET', '/', 'AccessDenied'],
    ['HEAD', '/', 'AccessDenied'],
    ['POST', '/', 'MethodNotAllowed'],
    ['PUT', '/media', 'AccessDenied'],
    ['PUT', '/other', 'AccessDenied'],
    ['DELETE', '/media', 'AccessDenied'],
    ...['acl', 'policy', 'cors', 'lifecycle', 'versioning', 'website'].map(
      (name) => ['PUT', `/media?${name}`, 'AccessDenied'] as [string, string, string],
    ),
    ['DELETE', '/media?policy', 'AccessDenied'],
    ...['acl', 'policy', 'versioning', 'versions', 'tagging', 'object-lock', 'unheard-of'].map(
      (name) => ['GET', `/media?${name}`, 'NotImplemented'] as [string, string, string],
    ),
    ['POST', '/media', 'NotImplemented'],
    ['POST', '/media/a', 'NotImplemented'],
    ['POST', '/media/a?restore', 'NotImplemented'],
    ['POST', '/media/a?select&select-type=2', 'NotImplemented'],
    ['OPTIONS', '/media/a', 'MethodNotAllowed'],
    ['PATCH', '/media/a', 'MethodNotAllowed'],
    ['OPTIONS', '/media', 'MethodNotAllowed'],
    ...['tagging', 'torrent', 'versionId=1', 'retention', 'legal-hold', 'attributes'].flatMap((name) =>
      ['GET', 'PUT', 'DELETE'].map(
        (method) => [method, `/media/a?${name}`, 'NotImplemented'] as [string, string, string],
      ),
    ),
    ['GET', '/media/a?acl&uploadId=2~x', 'NotImplemented'],
    ['DELETE', '/media/a?acl', 'NotImplemented'],
    ['HEAD', '/media/a?response-expires=x', 'NotImplemented'],
    ['GET', '/media/a?acl&response-expires=x', 'NotImplemented'],
    ['GET', '/media/a?acl=public', 'InvalidArgument'],
    ['GET', '/media/a?partNumber=1&partNumber=2', 'InvalidArgument'],
    ['GET', '/media/a?partNumber=0', 'InvalidArgument'],
    ['GET', '/media/a?partNumber=10001', 'InvalidArgument'],
    ['GET', '/media/a?response-content-type=a%0d%0aX-Evil:%20b', 'InvalidArgument'],
    ['PUT', '/media/a?partNumber=1', 'NoSuchUpload'],
    ['PUT', '/media/a?uploadId=2~x', 'InvalidArgument'],
    ['PUT', '/media/a?partNumber=1e3&uploadId=2~x', 'InvalidArgument'],
    ['POST', '/media/a?uploadId=..%2Fb', 'NoSuchUpload'],
    ['GET', '/media?list-type=1', 'InvalidArgument'],
    ['GET', '/media?max-keys=-1', 'InvalidArgument'],
    ['GET', '/media?encoding-type=base64', 'InvalidArgument'],
    ['GET', '/media?prefix=_upstairs/', 'AccessDenied'],
    ['GET', '/media?prefix=%5Fupstairs%2Fid', 'AccessDenied'],
    ['GET', '/media?uploads&prefix=_upstairs/', 'AccessDenied'],
    ['GET', '/media?prefix=a+b', 'InvalidURI'],
    ['GET', '/media?prefix=%zz', 'InvalidURI'],
    ['GET', '/media?prefix=%00', 'InvalidArgument'],
    ['GET', '/media?list-type=2&continuation-token=not!ours', 'InvalidArgument'],
    ['GET', '/media/a?X-Amz-Date=1', 'NotImplemented'],
    ['GET', '/media/a?x-amz-acl=private', 'NotImplemented'],
  ])('%s %s is refused: %s', (method, url, code) => {
    expect(codeOf(() => ask(method, url))).toBe(code);
  });

  it.each<[string, string, string, string, string]>([
    ['PUT', '/media/a', 'x-amz-tagging', 'a=b', 'NotImplemented'],
    ['PUT', '/media/a', 'x-amz-server-side-encryption', 'AES256', 'NotImplemented'],
    ['PUT', '/media/a', 'x-amz-server-side-encryption-customer-key', 'x', 'NotImplemented'],
    ['PUT', '/media/a', 'x-amz-object-lock-mode', 'COMPLIANCE', 'NotImplemented'],
    ['PUT', '/media/a', 'x-amz-website-redirect-location', '/b', 'NotImplemented'],
    ['PUT', '/media/a', 'x-amz-unheard-of', '1', 'NotImplemented'],
    ['PUT', '/media/a', 'x-amz-storage-class', 'GLACIER', 'NotImplemented'],
    ['PUT', '/media/a', 'if-none-match', '"abc"', 'NotImplemented'],
    ['PUT', '/media/a', 'if-modified-since', 'x', 'NotImplemented'],
    ['PUT', '/media/a', 'content-range', 'bytes 0-1/2', 'NotImplemented'],
    ['PUT', '/media/a', 'x-amz-meta-upstairs-copy', '1', 'AccessDenied'],
    ['PUT', '/media/a', 'x-amz-meta-upstairs_copy', '1', 'AccessDenied'],
    ['PUT', '/media/a', 'x-amz-meta_upstairs-copy', '1', 'NotImplemented'],
    ['PUT', '/media/a', 'x_amz_meta_upstairs_copy', '1', 'NotImplemented'],
    ['PUT', '/media/a', 'x-amz_acl', 'public-read', 'NotImplemented'],
    ['POST', '/media/a?uploads', 'x-amz-meta-upstairs-intent', '1', 'AccessDenied'],
    ['PUT', '/media/a', 'x-amz-meta-long', 'x'.repeat(2045), 'MetadataTooLarge'],
    ['PUT', '/media/a', 'x-amz-acl', 'everybody', 'InvalidArgument'],
    ['PUT', '/media/a', 'x-amz-copy-source', 'other', 'InvalidArgument'],
    ['PUT', '/media/a?acl', 'x-amz-copy-source', '/media/b', 'NotImplemented'],
    ['PUT', '/media/a?partNumber=1&uploadId=x', 'x-amz-acl', 'private', 'NotImplemented'],
    ['PUT', '/media/a?partNumber=1&uploadId=x', 'x-amz-meta-a', 'b', 'NotImplemented'],
    ['POST', '/media/a?uploadId=x', 'if-none-match', '*', 'NotImplemented'],
    ['POST', '/media/a?uploadId=x', 'x-amz-checksum-crc32', 'AAAAAA==', 'NotImplemented'],
    ['DELETE', '/media/a', 'if-match', '"abc"', 'NotImplemented'],
    ['DELETE', '/media/a', 'x-amz-mfa', '1', 'NotImplemented'],
    ['GET', '/media/a', 'x-amz-expected-bucket-owner', '1', 'NotImplemented'],
    ['GET', '/media/a', 'x-amz-acl', 'private', 'NotImplemented'],
    ['GET', '/media/a?partNumber=1', 'range', 'bytes=0-1', 'InvalidRequest'],
  ])('%s %s with %s: %s is refused: %s', (method, url, name, value, code) => {
    expect(codeOf(() => ask(method, url, [[name, value]]))).toBe(code);
  });

  it.each<[string, string, string]>([
    ['if-none-match', '*', 'NotImplemented'],
    ['x-amz-metadata-directive', 'MERGE', 'InvalidArgument'],
    ['x-amz-tagging-directive', 'COPY', 'NotImplemented'],
    ['x-amz-copy-source-range', 'bytes=0-1', 'NotImplemented'],
    ['x-amz-copy-source-server-side-encryption-customer-key', 'x', 'NotImplemented'],
  ])('a copy with %s: %s is refused: %s', (name, value, code) => {
    expect(codeOf(() => ask('PUT', '/media/a', [copyOf, [name, value]]))).toBe(code);
  });

  it('refuses a header that comes twice: which one counts?', () => {
    for (const name of ['x-amz-acl', 'x-amz-copy-source', 'content-type', 'x-amz-meta-a', 'if-match'])
      expect([
        name,
        codeOf(() =>
          ask('PUT', '/media/a', [
            [name, 'a'],
            [name, 'b'],
          ]),
        ),
      ]).toEqual([name, 'InvalidRequest']);
  });

  it('forwards what belongs to a put object, and nothing else', () => {
    const operation = ask('PUT', '/media/a%20b?x-id=PutObject', [
      ['content-type', 'image/png'],
      ['content-length', '3'],
      ['content-md5', 'XUFAKrxLKna5cZ2REBfFkg=='],
      ['content-encoding', 'aws-chunked, gzip'],
      ['cache-control', 'public, max-age=315576000, immutable'],
      ['content-language', ''],
      ['authorization', 'AWS4-HMAC-SHA256 x'],
      ['x-amz-date', '20260101T000000Z'],
      ['x-amz-content-sha256', 'UNSIGNED-PAYLOAD'],
      ['x-amz-checksum-crc32', 'AAAAAA=='],
      ['x-amz-sdk-checksum-algorithm', 'CRC32'],
      ['x-amz-storage-class', 'STANDARD'],
      ['x-amz-acl', 'public-read'],
      ['x-amz-meta-mtime', '1600000000'],
      ['if-none-match', '*'],
      ['expect', '100-continue'],
      ['cookie', 'a=b'],
      ['x-forwarded-for', '::1'],
    ]);
    expect(operation).toEqual({
      name: 'PutObject',
      right: 'write',
      key: 'a b',
      acl: 'public',
      headers: {
        'content-type': 'image/png',
        'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==',
        'content-encoding': 'gzip',
        'cache-control': 'public, max-age=315576000, immutable',
        'x-amz-storage-class': 'STANDARD',
        'x-amz-meta-mtime': '1600000000',
        'if-none-match': '*',
      },
    });
  });

  it('takes the quotes off If-Match, which Ceph RGW would compare too', () => {
    expect(ask('PUT', '/media/a', [['if-match', '"abc"']])).toMatchObject({ headers: { 'if-match': 'abc' } });
  });

  it('tells what a copy is made from, and on which conditions', () => {
    const operation = ask('PUT', '/media/to', [
      ['x-amz-copy-source', 'media/fr%C3%B6m'],
      ['x-amz-copy-source-if-match', '"abc"'],
      ['x-amz-metadata-directive', 'REPLACE'],
      ['content-type', 'image/png'],
    ]);
    expect(operation).toEqual({
      name: 'CopyObject',
      right: 'write',
      key: 'to',
      source: { bucket: 'media', key: 'fröm' },
      acl: undefined,
      headers: {
        'x-amz-copy-source-if-match': '"abc"',
        'x-amz-metadata-directive': 'REPLACE',
        'content-type': 'image/png',
      },
    });
    expect(
      ask('PUT', '/media/to?uploadId=u&partNumber=7', [copyOf, ['x-amz-copy-source-range', 'bytes=0-9']]),
    ).toMatchObject({
      source: { bucket: 'media', key: 'from.jpg' },
      uploadId: 'u',
      partNumber: 7,
      query: [
        ['partNumber', '7'],
        ['uploadId', 'u'],
      ],
      headers: { 'x-amz-copy-source-range': 'bytes=0-9' },
    });
  });

  it('drops the signature from a presigned URL and keeps the overrides of the answer', () => {
    const signature = 'X-Amz-Algorithm=A&X-Amz-Credential=B&X-Amz-Date=C&X-Amz-Expires=60&X-Amz-SignedHeaders=host';
    const url = `/media/a?${signature}&X-Amz-Signature=D&x-id=GetObject&response-content-disposition=attachment%3B%20filename%3Dx`;
    expect(ask('GET', url, [['range', 'bytes=0-9']])).toEqual({
      name: 'GetObject',
      right: 'read',
      key: 'a',
      headers: { range: 'bytes=0-9' },
      query: [['response-content-disposition', 'attachment; filename=x']],
      partNumber: undefined,
      overrides: { 'content-disposition': 'attachment; filename=x' },
    });
  });

  it('reads headers that an SDK moved into a presigned URL, but none of the body', () => {
    const moved = (query: string, headers: Headers = []) => ask('PUT', `/media/a?X-Amz-Signature=D&${query}`, headers);
    expect(moved('x-amz-acl=public-read&x-amz-meta-a=b&x-amz-sdk-checksum-algorithm=CRC32')).toMatchObject({
      acl: 'public',
      headers: { 'x-amz-meta-a': 'b' },
    });
    expect(codeOf(() => moved('x-amz-copy-source=media/_upstairs/identity'))).toBe('AccessDenied');
    expect(codeOf(() => moved('x-amz-meta-upstairs-copy=1'))).toBe('AccessDenied');
    expect(codeOf(() => moved('x-amz-acl=private', [['x-amz-acl', 'private']]))).toBe('InvalidRequest');
    expect(codeOf(() => moved('x-amz-checksum-crc32=AAAAAA=='))).toBe('NotImplemented');
    expect(codeOf(() => moved('x-amz-content-sha256=abc'))).toBe('NotImplemented');
    expect(codeOf(() => moved('x-amz-meta-a=b%0d%0aevil'))).toBe('InvalidArgument');
  });

  it('has no x-amz-acl, copy source or unknown header among those for the store, whatever a client sends', () => {
    const header = fc.tuple(
      fc.constantFrom('x-amz-acl', 'x-amz-meta-a', 'x_amz_acl', 'cookie', 'content-type', 'host2', 'x-amz-copy-source'),
      fc.constantFrom('private', 'public-read', 'media/a'),
    );
    fc.assert(
      fc.property(fc.constantFrom('PUT', 'POST', 'GET', 'DELETE'), fc.array(header), (method, headers) => {
        let operation: Operation;
        try {
          operation = ask(method, '/media/a', headers);
        } catch (error) {
          expect(error).toMatchObject({ name: 'S3Error' });
          return;
        }
        const names = 'headers' in operation ? Object.keys(operation.headers) : [];
        expect(names.filter((name) => name !== 'x-amz-meta-a' && name !== 'content-type')).toEqual([]);
      }),
    );
  });
});
