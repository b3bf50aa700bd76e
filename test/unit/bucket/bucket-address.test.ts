import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BucketAddress, encodeKey } from '../../../src/bucket/bucket-address.ts';

const at = (change: Partial<ConstructorParameters<typeof BucketAddress>[0]> = {}) =>
  new BucketAddress({
    endpoint: 'https://s3.example:8443',
    name: 'media',
    keyPrefix: '',
    addressing: 'path',
    ...change,
  });

describe('the address of an object', () => {
  test('has the bucket in its path', () => {
    const address = at();
    expect([address.origin, address.host]).toEqual(['https://s3.example:8443', 's3.example:8443']);
    expect(address.pathOf('a/b.jpg')).toBe('/media/a/b.jpg');
  });

  test('has the bucket in its host name where that is wished', () => {
    const address = at({ addressing: 'virtual' });
    expect([address.origin, address.host]).toEqual(['https://media.s3.example:8443', 'media.s3.example:8443']);
    expect(address.pathOf('a/b.jpg')).toBe('/a/b.jpg');
  });

  test('leaves out a port that goes without saying', () => {
    expect(at({ endpoint: 'https://s3.example:443' }).host).toBe('s3.example');
    expect(at({ endpoint: 'http://s3.example:80' }).origin).toBe('http://s3.example');
  });

  test('puts the prefix before the key, encoded as the key is', () => {
    expect(at({ keyPrefix: 'my prefix/' }).pathOf('a b')).toBe('/media/my%20prefix/a%20b');
  });

  test('is also that of the bucket itself, and of the source of a copy', () => {
    const change = { keyPrefix: 'my prefix/' };
    expect([at(change).bucketPath, at(change).copySourceOf('a b')]).toEqual(['/media/', '/media/my%20prefix/a%20b']);
    const virtual = at({ ...change, addressing: 'virtual' });
    expect([virtual.bucketPath, virtual.copySourceOf('a b')]).toEqual(['/', '/media/my%20prefix/a%20b']);
  });

  test.each([
    ['a b', 'a%20b'],
    ['a+b', 'a%2Bb'],
    ['100%', '100%25'],
    ['ü', '%C3%BC'],
    ['\u{1f600}', '%F0%9F%98%80'],
    ["'!()*", '%27%21%28%29%2A'],
    ['a=b&c', 'a%3Db%26c'],
    ['?#', '%3F%23'],
    ['a//b', 'a//b'],
    ['~-_.', '~-_.'],
    ['%2F', '%252F'],
  ])('writes %s as %s', (key, path) => {
    expect(encodeKey(key)).toBe(path);
  });

  test('holds nothing but the unreserved characters of RFC 3986, the slash and upper-case escapes, and loses nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (key) => {
        const path = encodeKey(key);
        return /^(?:[A-Za-z0-9\-._~/]|%[0-9A-F]{2})*$/.test(path) && decodeURIComponent(path) === key;
      }),
    );
  });
});
