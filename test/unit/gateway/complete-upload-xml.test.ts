import { expect, it } from 'vitest';
import { completeRequestXml, readCompleteRequest } from '../../../src/gateway/complete-upload-xml.ts';
import { codeOf } from './raw-request-of.ts';

const read = (...parts: string[]) =>
  readCompleteRequest(Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`));
const part = (number: number | string, etag = '"abc"', more = '') =>
  `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag>${more}</Part>`;

it('the parts of an upload are read, with or without quotes and checksums', () => {
  const parts = read(part(1), part(3, 'def'), part(10_000, '&quot;ghi-2&quot;', '<ChecksumCRC32>AA==</ChecksumCRC32>'));
  expect(parts).toEqual([
    { partNumber: 1, etag: 'abc' },
    { partNumber: 3, etag: 'def' },
    { partNumber: 10_000, etag: 'ghi-2' },
  ]);
  expect(readCompleteRequest(Buffer.from(completeRequestXml(parts)))).toEqual(parts);
});

it('10,000 parts are taken, one more is not', () => {
  const parts = Array.from({ length: 10_000 }, (_, i) => part(i + 1, 'abcdefabcdef'));
  expect(read(...parts)).toHaveLength(10_000);
  expect(codeOf(() => read(...parts, part(10_001)))).toBe('MalformedXML');
});

it.each([
  ['no parts', 'MalformedXML', []],
  ['parts out of order', 'InvalidPartOrder', [part(2), part(1)]],
  ['a part twice', 'InvalidPartOrder', [part(1), part(1)]],
  ['part 0', 'InvalidArgument', [part(0)]],
  ['part 10001', 'InvalidArgument', [part(10_001)]],
  ['a part of a part', 'InvalidArgument', [part('1.5')]],
  ['a part without number', 'MalformedXML', ['<Part><ETag>a</ETag></Part>']],
  ['a part without ETag', 'MalformedXML', ['<Part><PartNumber>1</PartNumber></Part>']],
  ['an empty ETag', 'MalformedXML', [part(1, '""')]],
  ['something else', 'MalformedXML', [part(1), '<Object/>']],
  ['something else in a part', 'MalformedXML', [part(1, 'a', '<Size>3</Size>')]],
  ['1 MiB', 'MalformedXML', [part(1, 'a'.repeat(1024 * 1024))]],
])('%s: %s', (_, code, parts) => {
  expect(codeOf(() => read(...parts))).toBe(code);
});
