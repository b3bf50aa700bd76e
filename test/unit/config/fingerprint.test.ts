import { expect, it } from 'vitest';
import { configFingerprint } from '../../../src/config/fingerprint.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { setAt, validConfig } from './valid-config.ts';

function fingerprint(changes: Record<string, unknown> = {}): string {
  const value = validConfig('/disk', '/state');
  for (const [path, change] of Object.entries(changes)) setAt(value, path, change);
  return configFingerprint(configSchema.parse(value));
}

it('a fingerprint is 12 hex digits', () => {
  expect(fingerprint()).toMatch(/^[0-9a-f]{12}$/);
});

it.each([{ phase: 'front' }, { 'cache.ttl': '1h' }, { 'sources.0.root': '/other' }, { 'bucket.name': 'other' }])(
  'a fingerprint tells %j',
  (change) => {
    expect(fingerprint(change)).not.toBe(fingerprint());
  },
);

it('a fingerprint does not depend on secrets', () => {
  expect(fingerprint({ 'bucket.accessKey': 'a', 'bucket.secretKey': 'b' })).toBe(fingerprint());
});

it('a fingerprint does not depend on the secrets of the write host, of purges and of the admin listener, but on who may do what there', () => {
  const key = { name: 'mastodon', accessKey: 'one', secretKey: 'secret-secret-secret', rights: ['read', 'write'] };
  const at = (change: object, secret = 'sixteen-letters!') =>
    fingerprint({
      write: { hosts: ['s3.example.social'], keys: [{ ...key, ...change }] },
      'read.purge': { secret },
      admin: { token: secret },
    });
  expect(at({ accessKey: 'two', secretKey: 'another-secret-key' }, 'other-letters-16')).toBe(at({}));
  expect(at({ rights: ['read'] })).not.toBe(at({}));
});

it('a fingerprint does not depend on how a value is written, or on writing a default', () => {
  expect(fingerprint({ 'cache.ttl': '1440m', 'cache.maxSize': 268_435_456, phase: 'move' })).toBe(fingerprint());
});

it('a fingerprint does not depend on the order of keys', () => {
  const config = configSchema.parse(validConfig('/disk', '/state'));
  const { endpoint, ...bucket } = config.bucket;
  const { phase, ...rest } = config;
  expect(configFingerprint({ ...rest, bucket: { ...bucket, endpoint }, phase })).toBe(configFingerprint(config));
});

it('a fingerprint depends on the order of sources', () => {
  const config = configSchema.parse(validConfig('/disk', '/state'));
  const other = { ...config.sources[0]!, name: 'attic' };
  const one = configFingerprint({ ...config, sources: [...config.sources, other] });
  expect(configFingerprint({ ...config, sources: [other, ...config.sources] })).not.toBe(one);
});
