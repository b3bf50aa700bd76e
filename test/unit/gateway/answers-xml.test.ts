import { describe, expect, it } from 'vitest';
import { copyResultXml, readCopyResult } from '../../../src/gateway/copy-xml.ts';
import { errorXml, parseStoreError } from '../../../src/gateway/error-xml.ts';
import { locationXml } from '../../../src/gateway/location-xml.ts';
import {
  completeResultXml,
  initiateResultXml,
  readCompleteResult,
  readInitiateResult,
} from '../../../src/gateway/upload-xml.ts';
import { codeOf } from './raw-request-of.ts';

describe('an error', () => {
  it("is told as S3 tells it, with nothing of a stranger's text taken for markup", () => {
    expect(errorXml({ code: 'NoSuchKey', message: 'No.', resource: '/media/<a>&"b\u0007', requestId: 'AB12' })).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>No.</Message><Resource>/media/&lt;a&gt;&amp;&quot;b&#7;</Resource><RequestId>AB12</RequestId></Error>',
    );
  });

  it('of the store is understood, if there is one', () => {
    expect(
      parseStoreError(
        Buffer.from('<?xml version="1.0"?><Error><Code>SlowDown</Code><Message/><HostId>h</HostId></Error>'),
      ),
    ).toEqual({ code: 'SlowDown', message: '' });
    const texts = [
      '',
      '<html><body>502</body></html>',
      '<Error/>',
      '<Error><Code>a b</Code></Error>',
      '<!DOCTYPE html>',
      '\0',
    ];
    for (const text of texts) expect(parseStoreError(Buffer.from(text))).toEqual({ code: undefined, message: '' });
  });
});

it.each(['CopyObjectResult', 'CopyPartResult'] as const)('a %s is passed on, its ETag in quotes', (root) => {
  const store = `<${root}><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>abc</ETag></${root}>`;
  const result = { etag: 'abc', lastModified: '2026-01-01T00:00:00.000Z' };
  expect(readCopyResult(Buffer.from(store), root)).toEqual({ kind: 'done', result });
  expect(copyResultXml(root, result)).toContain('<ETag>&quot;abc&quot;</ETag>');
});

it('an error that comes late, inside a 200, is an error', () => {
  const late = Buffer.from('   <Error><Code>InternalError</Code><Message>Again.</Message></Error>');
  const failed = { kind: 'failed', code: 'InternalError', message: 'Again.' };
  expect(readCopyResult(late, 'CopyObjectResult')).toEqual(failed);
  expect(readCompleteResult(late)).toEqual(failed);
  expect(codeOf(() => readCompleteResult(Buffer.from('')))).toBe('InternalError');
});

it("an upload begins and ends under the client's names", () => {
  expect(
    readInitiateResult(
      Buffer.from(
        '<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>x/a</Key><UploadId>2~u</UploadId></InitiateMultipartUploadResult>',
      ),
    ),
  ).toBe('2~u');
  expect(initiateResultXml('media', 'a&b', '2~u')).toContain(
    '<Bucket>media</Bucket><Key>a&amp;b</Key><UploadId>2~u</UploadId>',
  );
  const store = '<CompleteMultipartUploadResult><ETag>"abc-2"</ETag></CompleteMultipartUploadResult>';
  expect(readCompleteResult(Buffer.from(store))).toEqual({ kind: 'done', result: 'abc-2' });
  expect(
    completeResultXml({ location: 'https://s3.test/media/a', bucket: 'media', key: 'a', etag: 'abc-2' }),
  ).toContain(
    '<Location>https://s3.test/media/a</Location><Bucket>media</Bucket><Key>a</Key><ETag>&quot;abc-2&quot;</ETag>',
  );
});

it('the first region has no name in a location', () => {
  expect(locationXml('eu-1')).toContain('>eu-1</LocationConstraint>');
  expect(locationXml('us-east-1')).toContain('></LocationConstraint>');
});
