import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readListing } from '../../../src/bucket/listing-xml.ts';
import { percentEncode } from '../../../src/lib/percent-encode.ts';

const head = '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">';
const object = (key: string, { size = '3', etag = '&quot;e&quot;' } = {}) =>
  `<Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>${etag}</ETag><Size>${size}</Size>` +
  '<Owner><ID>me</ID><DisplayName>Key &amp; Size</DisplayName></Owner></Contents>';
const listing = (inner: string, more = '<IsTruncated>false</IsTruncated>') =>
  `${head}${more}${inner}</ListBucketResult>`;

test('a listing is read with its keys, sizes, ETags and folders', () => {
  const xml = listing(
    `${object('a')}${object('b', { size: '5368709121', etag: '"abc-2"' })}<CommonPrefixes><Prefix>c/</Prefix></CommonPrefixes>`,
    '<Name>media</Name><Prefix></Prefix><KeyCount>3</KeyCount><IsTruncated>true</IsTruncated>',
  );
  expect(readListing(xml)).toEqual({
    entries: [
      { name: 'a', size: 3, etag: 'e' },
      { name: 'b', size: 5_368_709_121, etag: 'abc-2' },
    ],
    prefixes: ['c/'],
    truncated: true,
  });
});

test('an empty one is read, also where a store writes it over several lines', () => {
  expect(readListing(listing(''))).toEqual({ entries: [], prefixes: [], truncated: false });
  const lines = listing(object('a')).replaceAll('><', '>\n  <');
  expect(readListing(`${lines}\n`).entries.length).toBe(1);
});

test('what stands at the end, behind the keys, counts too', () => {
  const xml = `${head}${object('a')}<IsTruncated>true</IsTruncated><EncodingType>url</EncodingType></ListBucketResult>`;
  expect(readListing(xml).truncated).toBe(true);
});

test('every key comes back as it is, percent-encoded or, where the store does not, as XML', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (key) => {
      const url = listing(
        object(percentEncode(key)),
        '<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>',
      );
      expect(readListing(url).entries[0]?.name).toBe(key);
      const escaped = [...key].map((character) => `&#${character.codePointAt(0)};`).join('');
      expect(readListing(listing(object(escaped))).entries[0]?.name).toBe(key);
    }),
  );
  const url = listing(object('a+b%2Bc%20d'), '<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>');
  expect(readListing(url).entries[0]?.name).toBe('a b+c d');
  expect(readListing(listing(object('a+b%20&amp;&lt;&apos;'))).entries[0]?.name).toBe("a+b%20&<'");
});

test.each([
  ['an error', '<Error><Code>NoSuchBucket</Code></Error>', 'no listing'],
  ['a web page', '<html><body><ListBucketResult></ListBucketResult></body></html>', 'no listing'],
  ['one that breaks off', listing(object('a')).slice(0, -30), 'no listing'],
  [
    'one that breaks off within a key',
    `${head}<IsTruncated>false</IsTruncated><Contents><Key>a</ListBucketResult>`,
    'breaks off',
  ],
  ['one that does not say whether there is more', listing(object('a'), ''), 'whether there is more'],
  [
    'one with fewer keys than it counts',
    listing(object('a'), '<IsTruncated>false</IsTruncated><KeyCount>2</KeyCount>'),
    'counts 2',
  ],
  ['an object without a key', listing('<Contents><Size>3</Size></Contents>'), 'Key is missing'],
  ['an object without a size', listing('<Contents><Key>a</Key></Contents>'), 'Size is missing'],
  ['a size that is no number', listing(object('a', { size: '-1' })), 'no number'],
  ['an entity that XML does not know', listing(object('&nbsp;')), '&nbsp; is unknown'],
  [
    'a key that is not UTF-8',
    listing(object('%ff'), '<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>'),
    'malformed',
  ],
])('is not taken for a listing: %s', (_, xml, why) => {
  expect(() => readListing(xml)).toThrow(why);
});
