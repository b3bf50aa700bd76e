import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { announced } from '../../../src/gateway/payload.ts';
import { S3Error } from '../../../src/gateway/s3-error.ts';

const unsigned = { kind: 'unsigned' } as const;

function saying(headers: Record<string, string>, payload: Parameters<typeof announced>[1] = unsigned) {
  return announced({ method: 'PUT', rawPath: '/media/a', rawQuery: '', headers: Object.entries(headers) }, payload);
}

function refusal(headers: Record<string, string>): string {
  try {
    saying(headers);
  } catch (error) {
    if (error instanceof S3Error) return error.code;
    throw error;
  }
  return 'taken';
}

describe('what a client announces of a body', () => {
  test('is its length and every digest', () => {
    const headers = {
      'content-length': '5',
      'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==',
      'x-amz-checksum-crc32': 'NhCmhg==',
      'x-amz-checksum-sha1': 'qvTGHdzF6KLavt4PO0gs2a6pQ00=',
      'x-amz-checksum-sha256': 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=',
    };
    const hex = '2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824';
    expect(saying(headers, { kind: 'sha256', hex })).toEqual({
      size: 5,
      sha256: hex.toLowerCase(),
      md5: Buffer.from('5d41402abc4b2a76b9719d911017c592', 'hex'),
      crc32: 0x3610a686,
      sha1: Buffer.from('aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d', 'hex'),
      checksumSha256: Buffer.from(hex, 'hex'),
    });
  });

  test('may be its length alone', () => {
    expect(saying({ 'content-length': '0' })).toEqual({ size: 0 });
    expect(saying({ 'content-length': '5368709120', 'content-encoding': 'gzip' })).toEqual({ size: 5368709120 });
  });

  test.each([
    ['no length', {}, 'MissingContentLength'],
    ['chunks of HTTP', { 'transfer-encoding': 'chunked' }, 'MissingContentLength'],
    ['both', { 'transfer-encoding': 'chunked', 'content-length': '5' }, 'MissingContentLength'],
    ['a negative length', { 'content-length': '-1' }, 'InvalidRequest'],
    ['a length with a sign', { 'content-length': '+5' }, 'InvalidRequest'],
    ['a hexadecimal length', { 'content-length': '0x5' }, 'InvalidRequest'],
    ['an empty length', { 'content-length': '' }, 'InvalidRequest'],
    ['a length that no number holds', { 'content-length': '9'.repeat(30) }, 'InvalidRequest'],
    ['two lengths', { 'content-length': '5,5' }, 'InvalidRequest'],
    ['more than 5 GiB', { 'content-length': '5368709121' }, 'EntityTooLarge'],
    ['an MD5 in hex', { 'content-length': '5', 'content-md5': '5d41402abc4b2a76b9719d911017c592' }, 'InvalidDigest'],
    ['a short MD5', { 'content-length': '5', 'content-md5': 'XUFAKrxLKna5cZ2REBfF' }, 'InvalidDigest'],
    ['an empty MD5', { 'content-length': '5', 'content-md5': '' }, 'InvalidDigest'],
    [
      'two MD5s',
      { 'content-length': '5', 'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==,XUFAKrxLKna5cZ2REBfFkg==' },
      'InvalidDigest',
    ],
    ['an MD5 without padding', { 'content-length': '5', 'content-md5': 'XUFAKrxLKna5cZ2REBfFkg' }, 'InvalidDigest'],
    ['an MD5 with stray bits', { 'content-length': '5', 'content-md5': 'XUFAKrxLKna5cZ2REBfFkh==' }, 'InvalidDigest'],
    ['a CRC32 in decimal', { 'content-length': '5', 'x-amz-checksum-crc32': '907060870' }, 'InvalidRequest'],
    ['a long CRC32', { 'content-length': '5', 'x-amz-checksum-crc32': 'NhCmhgA=' }, 'InvalidRequest'],
    ['a checksum of all parts', { 'content-length': '5', 'x-amz-checksum-crc32': 'NhCmhg==-2' }, 'InvalidRequest'],
    ['a short SHA-1', { 'content-length': '5', 'x-amz-checksum-sha1': 'NhCmhg==' }, 'InvalidRequest'],
    ['a short SHA-256', { 'content-length': '5', 'x-amz-checksum-sha256': 'NhCmhg==' }, 'InvalidRequest'],
    ['CRC32C', { 'content-length': '5', 'x-amz-checksum-crc32c': 'NhCmhg==' }, 'NotImplemented'],
    ['CRC64NVME', { 'content-length': '5', 'x-amz-checksum-crc64nvme': 'NhCmhgAAAAA=' }, 'NotImplemented'],
    ['a checksum of the future', { 'content-length': '5', 'x-amz-checksum-xxhash': 'AA==' }, 'NotImplemented'],
    ['a trailer', { 'content-length': '5', 'x-amz-trailer': 'x-amz-checksum-crc32' }, 'NotImplemented'],
    ['chunks of S3', { 'content-length': '5', 'content-encoding': 'aws-chunked' }, 'NotImplemented'],
    ['chunks of S3 around gzip', { 'content-length': '5', 'content-encoding': 'gzip, AWS-Chunked' }, 'NotImplemented'],
    ['a decoded length', { 'content-length': '5', 'x-amz-decoded-content-length': '3' }, 'NotImplemented'],
    ['chunks of both', { 'transfer-encoding': 'chunked', 'content-encoding': 'aws-chunked' }, 'NotImplemented'],
  ] as [string, Record<string, string>, string][])('is refused with %s', (_, headers, code) => {
    expect(refusal(headers)).toBe(code);
  });

  test('may name an algorithm without a digest', () => {
    expect(
      refusal({ 'content-length': '5', 'x-amz-checksum-algorithm': 'CRC32C', 'x-amz-checksum-type': 'FULL_OBJECT' }),
    ).toBe('taken');
  });

  test('is taken or refused, whatever stands there', () => {
    const names = ['content-length', 'content-md5', 'x-amz-checksum-crc32', 'x-amz-checksum-sha1', 'content-encoding'];
    const headers = fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.string(), fc.base64String()));
    fc.assert(
      fc.property(headers, (given) => {
        const { md5, sha1, size = -1 } = refusal(given) === 'taken' ? saying(given) : { size: 0 };
        expect(size).toBeGreaterThanOrEqual(0);
        if (md5) expect(md5.length).toBe(16);
        if (sha1) expect(sha1.length).toBe(20);
      }),
    );
  });
});
