import { describe, expect, it } from 'vitest';
import { partListXml } from '../../../src/gateway/list-parts-xml.ts';
import {
  askedObjects,
  askedUploads,
  objectsQuery,
  opaqueToken,
  uploadsQuery,
} from '../../../src/gateway/list-query.ts';
import { uploadListXml } from '../../../src/gateway/list-uploads-xml.ts';
import { objectListXml } from '../../../src/gateway/list-xml.ts';
import { RequestFields } from '../../../src/gateway/request-fields.ts';
import { codeOf, rawRequestOf } from './raw-request-of.ts';

const fields = (query: string) => new RequestFields(rawRequestOf('GET', `/media?${query}`));
const objects = (query: string, version: 1 | 2) => askedObjects(fields(query), version);
const bucket = { bucket: 'media', keyPrefix: 'x/' };

describe('what the store is asked', () => {
  it('has the key prefix before every name, and wants names that XML can hold', () => {
    expect(objectsQuery(objects('prefix=a/&marker=a/b&delimiter=/&max-keys=7', 1), 'x/')).toEqual([
      ['marker', 'x/a/b'],
      ['prefix', 'x/a/'],
      ['delimiter', '/'],
      ['encoding-type', 'url'],
      ['max-keys', '7'],
    ]);
    expect(objectsQuery(objects('start-after=b&fetch-owner=true&max-keys=5000', 2), 'x/')).toEqual([
      ['list-type', '2'],
      ['start-after', 'x/b'],
      ['prefix', 'x/'],
      ['encoding-type', 'url'],
      ['max-keys', '1000'],
    ]);
    expect(uploadsQuery(askedUploads(fields('key-marker=b&upload-id-marker=u&max-uploads=0')), 'x/')).toEqual([
      ['uploads', ''],
      ['key-marker', 'x/b'],
      ['upload-id-marker', 'u'],
      ['prefix', 'x/'],
      ['encoding-type', 'url'],
      ['max-uploads', '0'],
    ]);
  });

  it('goes on with the token that the store gave, not from the start again', () => {
    const token = opaqueToken('x/ä b');
    expect(token).toMatch(/^[\w-]+$/);
    expect(objectsQuery(objects(`start-after=a&continuation-token=${token}`, 2), 'x/').slice(0, 2)).toEqual([
      ['list-type', '2'],
      ['continuation-token', 'x/ä b'],
    ]);
  });
});

const page = (inner: string, truncated = false) =>
  Buffer.from(
    `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>store-bucket</Name><Prefix>x/</Prefix><IsTruncated>${truncated}</IsTruncated>${inner}</ListBucketResult>`,
  );
const key = (encoded: string) =>
  `<Contents><Key>${encoded}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;abc&quot;</ETag><Size>2</Size><StorageClass>STANDARD</StorageClass><Owner><ID>test</ID></Owner><Type>Normal</Type></Contents>`;
const prefix = (encoded: string) => `<CommonPrefixes><Prefix>${encoded}</Prefix></CommonPrefixes>`;

/** All texts of elements of this name, in order. */
function texts(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`, 'g'))].map(([, text = '']) => text);
}

describe('a page of keys', () => {
  it('shows the client its own bucket and keys, and nothing of the store', () => {
    const xml = objectListXml(page(key('x%2Fa%20b%2Bc%26d')), objects('', 1), bucket);
    expect(xml).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>media</Name><Prefix></Prefix><Marker></Marker><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated><Contents><Key>a b+c&amp;d</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;abc&quot;</ETag><Size>2</Size><StorageClass>STANDARD</StorageClass><Owner><ID>upstairs</ID><DisplayName>upstairs</DisplayName></Owner></Contents></ListBucketResult>',
    );
  });

  it('is encoded only for a client that asked for it', () => {
    const store = page(key('x%2F%C3%A9%2Fa+b%01') + prefix('x/d+%25/'));
    const plain = objectListXml(store, objects('delimiter=%26', 2), bucket);
    expect(texts(plain, 'Key')).toEqual(['é/a b&#1;']);
    expect(texts(plain, 'Prefix')).toEqual(['', 'd %/']);
    expect(texts(plain, 'Delimiter')).toEqual(['&amp;']);
    expect(texts(plain, 'EncodingType')).toEqual([]);
    const encoded = objectListXml(store, objects('delimiter=%26&encoding-type=url', 2), bucket);
    expect(texts(encoded, 'Key')).toEqual(['%C3%A9/a%20b%01']);
    expect(texts(encoded, 'Prefix')).toEqual(['', 'd%20%25/']);
    expect(texts(encoded, 'Delimiter')).toEqual(['%26']);
    expect(texts(encoded, 'EncodingType')).toEqual(['url']);
  });

  it('hides reserved keys, and counts without them', () => {
    const store = page(key('x%2F_upstairs%2Fidentity') + key('x%2Fa') + prefix('x/_upstairs/') + prefix('x/b/'));
    const xml = objectListXml(store, objects('', 2), bucket);
    expect(texts(xml, 'Key')).toEqual(['a']);
    expect(texts(xml, 'Prefix')).toEqual(['', 'b/']);
    expect(texts(xml, 'KeyCount')).toEqual(['2']);
    expect(xml).not.toContain('_upstairs');
  });

  it('of version 1 tells where the next one begins, also behind what is hidden', () => {
    const next = (inner: string, query = '') =>
      texts(objectListXml(page(inner, true), objects(query, 1), bucket), 'NextMarker');
    expect(next(key('x%2Fa') + key('x%2Fb%20c'))).toEqual(['b c']);
    expect(next(key('x%2Fa') + key('x%2Fb%20c'), 'encoding-type=url')).toEqual(['b%20c']);
    expect(next(prefix('x/c/') + key('x%2Fb'))).toEqual(['c/']);
    expect(next(prefix('x/a/') + key('x%2Fb'))).toEqual(['b']);
    expect(next(key('x%2F_upstairs%2Fidentity'))).toEqual(['_upstairs/~']);
    // By bytes: U+FF5E is before U+1F600, though its UTF-16 is after.
    expect(next(prefix('x/%F0%9F%98%80/') + key('x%2F%EF%BD%9E'))).toEqual(['\u{1F600}/']);
  });

  it('of version 2 goes on with a token that says nothing, in one that holds control characters too', () => {
    const store = page(`${key('x%2Fa')}<NextContinuationToken>x/a&#x01;z</NextContinuationToken>`, true);
    const asked = objects(`continuation-token=${opaqueToken('x/0')}&start-after=0`, 2);
    const xml = objectListXml(store, asked, bucket);
    expect(texts(xml, 'NextContinuationToken')).toEqual([opaqueToken('x/a\u0001z')]);
    expect(texts(xml, 'ContinuationToken')).toEqual([opaqueToken('x/0')]);
    expect(texts(xml, 'StartAfter')).toEqual(['0']);
    expect(texts(xml, 'IsTruncated')).toEqual(['true']);
  });

  it.each([
    ['is not XML', Buffer.from('<html>')],
    ['is an error', Buffer.from('<Error><Code>SlowDown</Code></Error>')],
    ['does not say whether there is more', Buffer.from('<ListBucketResult/>')],
    ['has a key that cannot be decoded', page(key('x%2F%zz'))],
    ['has no token, though there is more', page(key('x%2Fa'), true)],
  ])("that %s is the store's mistake", (_, document) => {
    expect(codeOf(() => objectListXml(document, objects('', 2), bucket))).toBe('InternalError');
  });
});

it("a page of uploads shows the client's names and where the next one begins", () => {
  const upload = (encoded: string, id: string) =>
    `<Upload><Key>${encoded}</Key><UploadId>${id}</UploadId><Owner><ID>test</ID></Owner><StorageClass>STANDARD</StorageClass><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>`;
  const store = Buffer.from(
    `<ListMultipartUploadsResult><Bucket>store-bucket</Bucket><NextKeyMarker>x/b c</NextKeyMarker><IsTruncated>true</IsTruncated>${upload('x%2F_upstairs%2Fp', '0')}${upload('x%2Fa', '1')}${upload('x%2Fb%20c', '2')}</ListMultipartUploadsResult>`,
  );
  const xml = uploadListXml(store, askedUploads(fields('max-uploads=3')), bucket);
  expect(texts(xml, 'Bucket')).toEqual(['media']);
  expect(texts(xml, 'Key')).toEqual(['a', 'b c']);
  expect(texts(xml, 'NextKeyMarker')).toEqual(['b c']);
  expect(texts(xml, 'NextUploadIdMarker')).toEqual(['2']);
  expect(texts(xml, 'ID')).toEqual(Array(4).fill('upstairs'));
});

it("a page of parts shows the client's names", () => {
  const store = Buffer.from(
    '<ListPartsResult><Bucket>store-bucket</Bucket><Key>x/a</Key><UploadId>u</UploadId><PartNumberMarker>0</PartNumberMarker><NextPartNumberMarker>1</NextPartNumberMarker><MaxParts>1</MaxParts><IsTruncated>true</IsTruncated><Part><LastModified>2026-01-01T00:00:00.000Z</LastModified><PartNumber>1</PartNumber><ETag>abc</ETag><Size>4</Size></Part></ListPartsResult>',
  );
  const xml = partListXml(store, { bucket: 'media', key: 'a', uploadId: 'u' });
  expect(xml).not.toContain('store-bucket');
  expect(texts(xml, 'Key')).toEqual(['a']);
  expect(texts(xml, 'NextPartNumberMarker')).toEqual(['1']);
  expect(texts(xml, 'ETag')).toEqual(['&quot;abc&quot;']);
});
