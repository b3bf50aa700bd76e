import { type Forge, pathTo, present, withLine } from '../forge.ts';
import { accessDenied, badName, broken, type ForgedRequest, notImplemented, refused } from './forged-request.ts';

const put: Forge = { method: 'PUT', key: 'new.jpg', body: 'new' };
const elsewhere = { status: [403, 404], code: ['AccessDenied', 'NoSuchBucket'] };
const badSource = { status: [400, 403], code: [...badName.code, 'AccessDenied', 'InvalidRequest'] };

/** Values of x-amz-copy-source. */
const sources = [
  ['another bucket', '/OTHER/secret', elsewhere],
  ['another bucket, no slash', 'OTHER/secret', elsewhere],
  [
    'another bucket, encoded',
    '/%4fTHER/secret',
    { status: [400, 403, 404], code: [...badName.code, ...elsewhere.code] },
  ],
  ["the store's name of the bucket", '/STORE/PRESENT', elsewhere],
  ['another bucket by dot-dot', '/BUCKET/../OTHER/secret', badSource],
  ['another bucket by encoded dot-dot', '/BUCKET/%2e%2e/OTHER/secret', badSource],
  ['another bucket by encoded slashes', '/BUCKET/a%2F..%2F..%2FOTHER%2Fsecret', badSource],
  ['another bucket by double encoding', '/BUCKET/%252e%252e%252fOTHER%252fsecret', badSource],
  [
    'another bucket behind two slashes',
    '//OTHER/secret',
    { status: [400, 403, 404], code: [...badSource.code, 'NoSuchBucket'] },
  ],
  ['an empty segment', '/BUCKET//PRESENT', badSource],
  ['a dot segment', '/BUCKET/./PRESENT', badSource],
  ['no key', '/BUCKET/', badSource],
  ['no slash at all', 'BUCKET', badSource],
  ['a URL', 'http://evil.test/BUCKET/PRESENT', { status: [400, 403, 404], code: [...badSource.code, 'NoSuchBucket'] }],
  ['a version', '/BUCKET/PRESENT?versionId=1', notImplemented],
  ['a query', '/BUCKET/PRESENT?x=1', { status: [400, 403, 501], code: [...badSource.code, 'NotImplemented'] }],
  ['a broken escape', '/BUCKET/%zz', badSource],
  ['a control character', '/BUCKET/a%0ab', badSource],
  ['the reserved folder', '/BUCKET/_upstairs/identity', accessDenied],
] as const;

const copies: readonly ForgedRequest[] = sources.flatMap(([what, source, outcome]) =>
  (['copy', 'part copied'] as const).map((kind) =>
    refused(
      `${kind} from ${what}`,
      (c) => ({
        method: 'PUT',
        ...(kind === 'copy'
          ? { key: 'new.jpg' }
          : { key: c.upload.key, query: `partNumber=2&uploadId=${encodeURIComponent(c.upload.id)}` }),
        headers: {
          'X-Amz-Copy-Source': source
            .replaceAll('BUCKET', c.bucket)
            .replaceAll('%4fTHER', `%${c.otherBucket.charCodeAt(0).toString(16)}${c.otherBucket.slice(1)}`)
            .replaceAll('OTHER', c.otherBucket)
            .replaceAll('STORE', c.storeBucket)
            .replaceAll('PRESENT', present),
        },
      }),
      outcome,
    ),
  ),
);

const metadata: readonly ForgedRequest[] = [
  refused('reserved metadata: a copy', { ...put, headers: { 'X-Amz-Meta-Upstairs-Copy': 'x' } }, accessDenied),
  refused(
    'reserved metadata, in what the store takes for the same',
    { ...put, headers: { 'X-Amz-Meta-Upstairs_Copy': 'x' } },
    accessDenied,
  ),
  refused('reserved metadata: an intent', { ...put, headers: { 'x-amz-meta-upstairs-intent': '1' } }, accessDenied),
  refused(
    'reserved metadata in a multipart upload',
    { method: 'POST', key: 'new.jpg', query: 'uploads', headers: { 'X-Amz-Meta-Upstairs-Copy': 'x' } },
    accessDenied,
  ),
  refused(
    'reserved metadata in a copy',
    (c) => ({
      method: 'PUT',
      key: 'new.jpg',
      headers: {
        'X-Amz-Copy-Source': pathTo(c.bucket, present),
        'X-Amz-Metadata-Directive': 'REPLACE',
        'X-Amz-Meta-Upstairs-Copy': 'x',
      },
    }),
    accessDenied,
  ),
  refused(
    'more metadata than S3 takes',
    { ...put, headers: { 'X-Amz-Meta-A': 'a'.repeat(3000) } },
    { status: 400, code: ['MetadataTooLarge', 'InvalidArgument', 'InvalidRequest'] },
  ),
];

const headers: readonly ForgedRequest[] = [
  ...[
    ['X-Amz-Tagging', 'a=b'],
    ['X-Amz-Server-Side-Encryption', 'AES256'],
    ['X-Amz-Server-Side-Encryption-Customer-Algorithm', 'AES256'],
    ['X-Amz-Website-Redirect-Location', 'http://evil.test/'],
    ['X-Amz-Object-Lock-Mode', 'GOVERNANCE'],
    ['X-Amz-Storage-Class', 'GLACIER'],
    ['X-Amz-Write-Offset-Bytes', '0'],
    ['X-Amz-Unknown', 'x'],
  ].map(([name = '', value = '']) =>
    refused(`PUT with ${name}`, { ...put, headers: { [name]: value } }, notImplemented),
  ),
  refused('an unknown header in a GET', { headers: { 'X-Amz-Unknown': 'x' } }, notImplemented),
  refused(
    'a canned ACL and grants',
    { ...put, headers: { 'X-Amz-Acl': 'private', 'X-Amz-Grant-Read': 'id=x' } },
    { status: 400, code: 'InvalidRequest' },
  ),
  refused(
    'an ACL that is none',
    { ...put, headers: { 'X-Amz-Acl': 'everybody' } },
    { status: 400, code: 'InvalidArgument' },
  ),
  refused(
    'a copy on a condition that the store ignores',
    (c) => ({
      method: 'PUT',
      key: 'new.jpg',
      headers: { 'X-Amz-Copy-Source': pathTo(c.bucket, present), 'If-None-Match': '*' },
    }),
    notImplemented,
  ),
  refused(
    'a copy with a directive that is none',
    (c) => ({
      method: 'PUT',
      key: 'new.jpg',
      headers: { 'X-Amz-Copy-Source': pathTo(c.bucket, present), 'X-Amz-Metadata-Directive': 'MERGE' },
    }),
    { status: 400, code: 'InvalidArgument' },
  ),
  broken(
    'a PUT on a false condition',
    { ...put, key: present, headers: { 'If-None-Match': '*' } },
    { status: 412, code: 'PreconditionFailed' },
  ),
  refused('two lengths', { ...put, tamper: withLine('Content-Length', '2') }, { status: 400 }, { mayClose: true }),
];

export const forgedSourcesAndHeaders: readonly ForgedRequest[] = [...copies, ...metadata, ...headers];
