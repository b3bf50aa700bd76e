import { crc32 } from 'node:zlib';
import { contentMd5, type Forge, present, withHeader } from '../forge.ts';
import { sha256Hex, type WireRequest } from '../sigv4.ts';
import { broken, type ForgedRequest, notImplemented, refused } from './forged-request.ts';

const content = 'a picture that was sent';
const other = 'a picture that was meant';
const put: Forge = { method: 'PUT', key: 'new.jpg', body: content };
const overwrite: Forge = { ...put, key: present };
const large = Buffer.alloc(3_000_000, 'a');
const badDigest = { status: 400, code: 'BadDigest' };
const badHash = { status: 400, code: 'XAmzContentSHA256Mismatch' };
const malformed = { status: 400, code: ['InvalidDigest', 'InvalidRequest', 'InvalidArgument'] };
/** Where the end of the connection cuts a request short, HTTP is broken, and it is Node that answers, if anybody is there. */
const cut = { status: 400 };
const thenEnd = { thenEnd: true, mayClose: true };

const digests: readonly ForgedRequest[] = [
  broken('wrong Content-MD5', { ...put, headers: { 'Content-Md5': contentMd5(other) } }, badDigest),
  broken(
    'wrong Content-MD5 over an old object',
    { ...overwrite, headers: { 'Content-Md5': contentMd5(other) } },
    badDigest,
  ),
  broken(
    'wrong Content-MD5 of an empty body',
    { ...put, body: '', headers: { 'Content-Md5': contentMd5(other) } },
    badDigest,
  ),
  broken(
    'wrong Content-MD5 of 3 MB',
    { ...put, body: large, headers: { 'Content-Md5': contentMd5(other) } },
    badDigest,
  ),
  broken('wrong SHA-256', { ...put, headers: { 'X-Amz-Content-Sha256': sha256Hex(other) } }, badHash),
  broken(
    'wrong SHA-256 over an old object',
    { ...overwrite, headers: { 'X-Amz-Content-Sha256': sha256Hex(other) } },
    badHash,
  ),
  broken(
    'wrong SHA-256 of an empty body',
    { ...put, body: '', headers: { 'X-Amz-Content-Sha256': sha256Hex(other) } },
    badHash,
  ),
  broken(
    'wrong SHA-256 of 3 MB',
    { ...put, body: large, headers: { 'X-Amz-Content-Sha256': sha256Hex(other) } },
    badHash,
  ),
  broken('wrong CRC32', { ...put, headers: { 'X-Amz-Checksum-Crc32': crc32Of(other) } }, badDigest),
  broken(
    'wrong checksum SHA-1',
    { ...put, headers: { 'X-Amz-Checksum-Sha1': Buffer.alloc(20).toString('base64') } },
    badDigest,
  ),
  broken(
    'wrong checksum SHA-256',
    { ...put, headers: { 'X-Amz-Checksum-Sha256': Buffer.alloc(32).toString('base64') } },
    badDigest,
  ),
  refused('Content-MD5 in hex', { ...put, headers: { 'Content-Md5': 'd41d8cd98f00b204e9800998ecf8427e' } }, malformed),
  refused(
    'Content-MD5 of 15 bytes',
    { ...put, headers: { 'Content-Md5': Buffer.alloc(15).toString('base64') } },
    malformed,
  ),
  refused('CRC32 of 3 bytes', { ...put, headers: { 'X-Amz-Checksum-Crc32': 'AAAA' } }, malformed),
  refused('CRC32C', { ...put, headers: { 'X-Amz-Checksum-Crc32c': 'AAAAAA==' } }, notImplemented),
  refused('CRC64', { ...put, headers: { 'X-Amz-Checksum-Crc64nvme': 'AAAAAAAAAAA=' } }, notImplemented),
  refused('a digest of the tail', { ...put, headers: { 'X-Amz-Trailer': 'x-amz-checksum-crc32' } }, notImplemented),
  refused('aws-chunked', { ...put, headers: { 'Content-Encoding': 'aws-chunked' } }, notImplemented),
  refused('aws-chunked among others', { ...put, headers: { 'Content-Encoding': 'gzip, aws-chunked' } }, notImplemented),
];

const lengths: readonly ForgedRequest[] = [
  broken('cut after its first byte', { ...put, tamper: cutTo(1) }, cut, thenEnd),
  broken('cut before its last byte', { ...put, tamper: cutTo(content.length - 1) }, cut, thenEnd),
  broken('cut before its first byte', { ...put, tamper: cutTo(0) }, cut, thenEnd),
  broken(
    'cut before its last byte, over an old object',
    { ...overwrite, tamper: cutTo(content.length - 1) },
    cut,
    thenEnd,
  ),
  broken('cut in its 3 MB', { ...put, body: large, tamper: cutTo(2_999_999) }, cut, thenEnd),
  broken('a length that is too long', { ...put, headers: { 'Content-Length': '24' } }, cut, thenEnd),
  broken('a length that is too short', { ...put, headers: { 'Content-Length': '22' } }, cut),
  broken('a length of nothing', { ...put, headers: { 'Content-Length': '0' } }, cut),
  refused(
    'no length',
    { ...put, headers: { 'Content-Length': undefined }, tamper: cutTo(0) },
    { status: 411, code: 'MissingContentLength' },
  ),
  refused(
    'chunks without a length',
    { ...put, headers: { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' }, tamper: chunked },
    { status: 411, code: 'MissingContentLength' },
  ),
  refused(
    'a length of more than 5 GiB',
    { ...put, headers: { 'Content-Length': String(5 * 1024 ** 3 + 1) } },
    { status: [400, 413], code: 'EntityTooLarge' },
  ),
  refused(
    'a length that is no number',
    { ...put, tamper: withHeader('Content-Length', '23x') },
    { status: 400 },
    { mayClose: true },
  ),
  refused(
    'a negative length',
    { ...put, tamper: withHeader('Content-Length', '-1') },
    { status: 400 },
    { mayClose: true },
  ),
];

const parts: readonly ForgedRequest[] = [
  broken('a part with a wrong MD5', part({ headers: { 'Content-Md5': contentMd5(other) } }), badDigest),
  broken('a part with a wrong SHA-256', part({ headers: { 'X-Amz-Content-Sha256': sha256Hex(other) } }), badHash),
  broken('a part that is cut', part({ tamper: cutTo(5) }), cut, thenEnd),
  broken(
    'a part that takes the place of another, with a wrong MD5',
    part({ headers: { 'Content-Md5': contentMd5(other) } }, '1'),
    badDigest,
  ),
  ...['0', '10001', '-1', 'x', ''].map((number) =>
    broken(`part "${number}"`, part({}, number), { status: 400, code: 'InvalidArgument' }),
  ),
  broken(
    'a part of an unknown upload',
    { ...put, query: 'partNumber=1&uploadId=2~unknown' },
    { status: 404, code: 'NoSuchUpload' },
  ),
  broken(
    "a part of another key's upload",
    (c) => ({ ...put, query: `partNumber=2&uploadId=${encodeURIComponent(c.upload.id)}` }),
    { status: 404, code: 'NoSuchUpload' },
  ),
];

export const forgedBodies: readonly ForgedRequest[] = [...digests, ...lengths, ...parts];

function part(over: Forge, number = '2') {
  return ({ upload }: { upload: { key: string; id: string } }): Forge => ({
    ...put,
    key: upload.key,
    query: `partNumber=${number}&uploadId=${encodeURIComponent(upload.id)}`,
    ...over,
  });
}

function cutTo(bytes: number): (request: WireRequest) => WireRequest {
  return (request) => ({ ...request, body: request.body.subarray(0, bytes) });
}

function chunked(request: WireRequest): WireRequest {
  return { ...request, body: Buffer.from(`${request.body.length.toString(16)}\r\n${request.body}\r\n0\r\n\r\n`) };
}

function crc32Of(text: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return bytes.toString('base64');
}
