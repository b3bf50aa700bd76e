import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../../src/gateway/target.ts';
import { keyProblem } from '../../../src/media/key.ts';
import { codeOf, rawRequestOf } from './raw-request-of.ts';

const hosts = ['s3.test', 'test', '127.0.0.1'];
const targetOf = (path: string, host = 's3.test') => parseTarget(rawRequestOf('GET', path, [['host', host]]), hosts);

describe('bucket and key of a request', () => {
  it.each([
    ['s3.test', '/', {}],
    ['s3.test', '/media', { bucket: 'media' }],
    ['s3.test', '/media/', { bucket: 'media' }],
    ['s3.test', '/media/a/b.jpg', { bucket: 'media', key: 'a/b.jpg' }],
    ['S3.Test:8081', '/media/a', { bucket: 'media', key: 'a' }],
    ['127.0.0.1:9000', '/media/a', { bucket: 'media', key: 'a' }],
    ['media.s3.test', '/', { bucket: 'media' }],
    ['media.s3.test:443', '/a/b.jpg', { bucket: 'media', key: 'a/b.jpg' }],
    ['media.s3.test', '/media/a', { bucket: 'media', key: 'media/a' }],
    ['my.media.s3.test', '/a', { bucket: 'my.media', key: 'a' }],
    ['s3.test', '/media/a%20b%2Bc+d', { bucket: 'media', key: 'a b+c+d' }],
    ['s3.test', '/media/a%2Fb', { bucket: 'media', key: 'a/b' }],
    ['s3.test', '/m%65dia/%C3%A9', { bucket: 'media', key: 'é' }],
  ])('%s %s', (host, path, target) => {
    expect(targetOf(path, host)).toEqual(target);
  });

  it.each([
    ['/media/../other/secret', 'InvalidURI'],
    ['/media/%2e%2e/other/secret', 'InvalidURI'],
    ['/media/a/..%2F..%2Fother', 'InvalidURI'],
    ['/media/./a', 'InvalidURI'],
    ['/media/a//b', 'InvalidURI'],
    ['/media//a', 'InvalidURI'],
    ['/media/%2Fa', 'InvalidURI'],
    ['//media/a', 'InvalidURI'],
    ['/../media/a', 'InvalidURI'],
    ['/./media/a', 'InvalidURI'],
    ['/.media/a', 'InvalidURI'],
    ['/a..b/c', 'InvalidURI'],
    ['/media%2Fa/b', 'InvalidURI'],
    ['/me%00dia/b', 'InvalidURI'],
    ['/media/a%00', 'InvalidURI'],
    ['/media/a%0d%0ab', 'InvalidURI'],
    ['/media/a%5Cb', 'InvalidURI'],
    ['/media/a\\b', 'InvalidURI'],
    ['/media/a%zz', 'InvalidURI'],
    ['/media/a%', 'InvalidURI'],
    ['/media/%C3', 'InvalidURI'],
    ['/media/%ED%A0%80', 'InvalidURI'],
    ['/media/\u00e9', 'InvalidURI'],
    ['/media/a#b', 'InvalidURI'],
    ['http://s3.test/media/a', 'InvalidURI'],
    ['*', 'InvalidURI'],
    ['', 'InvalidURI'],
    ['/media/a/', 'InvalidArgument'],
    ['/media/.git', 'InvalidArgument'],
    ['/media/%252e%252e/a', 'InvalidArgument'],
    ['/media/_upstairs/identity', 'AccessDenied'],
    ['/media/%5Fupstairs%2Fidentity', 'AccessDenied'],
    ['/media/_upstairs', 'AccessDenied'],
    [`/media/${'abcdefg/'.repeat(128)}x`, 'KeyTooLongError'],
  ])('%s is refused: %s', (path, code) => {
    expect(codeOf(() => targetOf(path))).toBe(code);
  });

  it.each([
    ['no Host', []],
    ['two hosts', ['s3.test', 's3.test']],
    ['a host that is not ours', ['s3.example']],
    ['a host that only ends like ours', ['evils3.example.tests3.test.']],
    ['an empty Host', ['']],
  ])('%s is refused', (_, names) => {
    const headers = names.map((name) => ['host', name] as const);
    const request = { method: 'GET', rawPath: '/media/a', rawQuery: '', headers };
    expect(codeOf(() => parseTarget(request, hosts))).toBe('InvalidRequest');
  });

  it('never normalises: whatever it accepts, a key is what the path says, and servable', () => {
    const segment = fc.oneof(fc.constantFrom('.', '..', '', '%2e', '%2F', '_upstairs', 'media'), fc.webSegment());
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), (segments) => {
        const path = segments.join('/');
        let target: ReturnType<typeof targetOf>;
        try {
          target = targetOf(`/media/${path}`);
        } catch {
          return;
        }
        expect(target.bucket).toBe('media');
        expect(target.key ?? '').toBe(decodeURIComponent(path));
        if (target.key !== undefined) expect(keyProblem(target.key)).toBeUndefined();
      }),
    );
  });
});
