import { expect, it } from 'vitest';
import { parseCopySource } from '../../../src/gateway/copy-source.ts';
import { codeOf } from './raw-request-of.ts';

it.each([
  ['/media/a/b.jpg', 'media', 'a/b.jpg'],
  ['media/a/b.jpg', 'media', 'a/b.jpg'],
  ['media/a%20b%2Bc+d', 'media', 'a b+c+d'],
  ['media%2Fa%2Fb', 'media', 'a/b'],
  ['other/a', 'other', 'a'],
])('the source %s is read', (value, bucket, key) => {
  expect(parseCopySource(value)).toEqual({ bucket, key });
});

it.each([
  ['', 'InvalidArgument'],
  ['/', 'InvalidArgument'],
  ['media', 'InvalidArgument'],
  ['media/', 'InvalidArgument'],
  ['//media/a', 'InvalidURI'],
  ['media/../other/secret', 'InvalidURI'],
  ['media%2F..%2Fother', 'InvalidURI'],
  ['../other/secret', 'InvalidURI'],
  ['media//a', 'InvalidURI'],
  ['media/a%0a', 'InvalidURI'],
  ['media/a b', 'InvalidURI'],
  ['media/a%', 'InvalidURI'],
  ['media/a?versionId=3', 'NotImplemented'],
  ['media/_upstairs/identity', 'AccessDenied'],
  ['arn:aws:s3:us-east-1:1:accesspoint/x/object/a', 'InvalidURI'],
])('the source "%s" is refused: %s', (value, code) => {
  expect(codeOf(() => parseCopySource(value))).toBe(code);
});
