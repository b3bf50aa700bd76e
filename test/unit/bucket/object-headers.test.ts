import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { md5From, metaOf } from '../../../src/bucket/object-headers.ts';
import { decimalSeconds } from '../../../src/lib/decimal-seconds.ts';

const hex = '9e107d9d372bb6826bd81d3542a419d6';
const base64 = Buffer.from(hex, 'hex').toString('base64');

describe('the MD5 of an object', () => {
  test.each([
    ['what a copy noted', base64, `"${'0'.repeat(32)}"`, hex],
    ['an entity tag of that form', undefined, `"${hex}"`, hex],
    ['an entity tag without quotes', undefined, hex, hex],
    ['an entity tag when the note is garbage', 'garbage', `"${hex}"`, hex],
    ['nothing when it was uploaded in parts', undefined, `"${hex}-7"`, undefined],
    ['what a copy noted of an upload in parts', base64, `"${hex}-7"`, hex],
    ['nothing when the tag is weak', undefined, `W/"${hex}"`, undefined],
    ['nothing when nothing is known', undefined, undefined, undefined],
    ['nothing when the tag is of another kind', undefined, '"abc"', undefined],
    [
      'nothing when the note is too long and there is no tag',
      Buffer.alloc(20).toString('base64'),
      undefined,
      undefined,
    ],
  ])('is %s', (_what, noted, etag, expected) => {
    expect(md5From(noted, etag)).toBe(expected);
  });
});

describe('the facts of an object', () => {
  test('have the entity tag of the content, not of the upload', () => {
    const etag = `"${hex}-7"`;
    expect(metaOf({ etag, 'x-amz-meta-md5chksum': base64 }, 5).etag).toBe(`"${hex}"`);
    expect(metaOf({ etag }, 5).etag).toBe(etag);
    expect(metaOf({}, 5).etag).toBeUndefined();
  });

  test('have only the headers that readers may see', () => {
    const { headers } = metaOf(
      {
        'content-type': 'image/png',
        'content-disposition': 'inline',
        'content-encoding': 'gzip',
        'content-language': 'de',
        'cache-control': 'max-age=1',
        expires: 'never',
        'content-length': '5',
        'x-amz-meta-mtime': '1',
        'x-rgw-object-type': 'Normal',
        'set-cookie': ['a=b'],
        server: 'Ceph',
      },
      5,
    );
    expect(headers).toEqual({
      'content-type': 'image/png',
      'content-disposition': 'inline',
      'content-encoding': 'gzip',
      'content-language': 'de',
      'cache-control': 'max-age=1',
      expires: 'never',
    });
  });

  const stored = 'Thu, 04 Mar 2021 05:06:07 GMT';
  test.each([
    ['1614834367.123456', 1_614_834_367_123],
    ['1614834367', 1_614_834_367_000],
    ['0', 0],
    ['-1.5', -1500],
    ['1614834367.1234567891', Date.parse(stored)],
    ['1e9', Date.parse(stored)],
    ['', Date.parse(stored)],
    ['yesterday', Date.parse(stored)],
    ['999999999999999', Date.parse(stored)],
  ])('have the mtime that a copy noted as %s', (noted, expected) => {
    expect(metaOf({ 'x-amz-meta-mtime': noted, 'last-modified': stored }, 0).mtimeMs).toBe(expected);
  });

  test('have the time of the upload when no copy noted one, and 1970 when there is none', () => {
    expect(metaOf({ 'last-modified': stored }, 0).mtimeMs).toBe(Date.parse(stored));
    expect(metaOf({ 'last-modified': 'soon' }, 0).mtimeMs).toBe(0);
  });

  test('have after the move exactly the mtime that the disk told before', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 4_102_444_800_000_000_000n }), (ns) => {
        const { mtimeMs } = metaOf({ 'x-amz-meta-mtime': decimalSeconds(ns) }, 0);
        return mtimeMs === Number(ns / 1_000_000n);
      }),
      { examples: [[1_001_000_000n], [1_614_834_367_001_000_000n]] },
    );
  });
});
