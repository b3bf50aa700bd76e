import { describe, expect, it } from 'vitest';
import { loadValue, refusal, setAt, validConfig } from './valid-config.ts';

const key = (more: object = {}) => ({
  name: 'mastodon',
  accessKey: 'MASTODON',
  secretKey: 'sixteen-letters!',
  rights: ['read', 'write', 'delete'],
  ...more,
});

/** A configuration with a write host, changed as told: dotted paths within `write`, or `/` and a path from the top. */
function withWrite(changes: Record<string, unknown> = {}) {
  const value = validConfig();
  setAt(value, 'write', { hosts: ['s3.example.social'], keys: [key()] });
  for (const [path, change] of Object.entries(changes))
    setAt(value, path.startsWith('/') ? path.slice(1) : `write.${path}`, change);
  return value;
}

const problems = (changes: Record<string, unknown>) => refusal(() => loadValue(withWrite(changes))).problems;

describe('the write host', () => {
  it('is not there unless it is asked for', () => {
    expect(loadValue(validConfig()).config.write).toBeUndefined();
  });

  it('needs its host names and one key, and takes the rest from the defaults', () => {
    expect(loadValue(withWrite()).config.write).toEqual({
      listen: { host: '127.0.0.1', port: 8081 },
      hosts: ['s3.example.social'],
      trustProxy: [],
      answerWithin: 4000,
      keepAliveTimeout: 75_000,
      requestTimeout: 30_000,
      stallTimeout: 60_000,
      maxConnections: 1000,
      audit: true,
      keys: [key({ prefix: '' })],
    });
  });

  it('may share its host name with readers, who come in at another listener', () => {
    const value = withWrite({ hosts: ['files.example.social'] });
    expect(loadValue(value).config.write?.hosts).toEqual(['files.example.social']);
  });

  it('compares host names in lower case', () => {
    expect(loadValue(withWrite({ hosts: ['S3.Example.Social'] })).config.write?.hosts).toEqual(['s3.example.social']);
  });

  it.each<[change: string, value: unknown, place: string, message: string]>([
    ['listen', '8081', 'write.listen', 'must be host:port'],
    ['hosts', [], 'write.hosts', 'must have at least one entry'],
    ['hosts', ['*'], 'write.hosts.0', 'must be a host name'],
    ['hosts', ['https://s3.example.social'], 'write.hosts.0', 'without scheme, port or path'],
    ['hosts', ['s3.example.social:8081'], 'write.hosts.0', 'without scheme, port or path'],
    ['hosts', ['s3.example.social', 'S3.example.social'], 'write.hosts', 'must name each host once'],
    ['hosts', ['example.social', 'media.example.social'], 'write.hosts.1', 'could be meant in two ways'],
    ['hosts', ['media.example.social', 'example.social'], 'write.hosts.0', 'could be meant in two ways'],
    ['bucket', 'My_Media', 'write.bucket', 'must be a bucket name'],
    ['region', 'us/east', 'write.region', 'must be the name of a region'],
    ['trustProxy', ['nginx'], 'write.trustProxy.0', 'must be an IP address or a network'],
    ['answerWithin', '1ms', 'write.answerWithin', 'must be a duration from 100ms'],
    ['audit', 'perhaps', 'write.audit', 'must be true or false'],
    ['keys', [], 'write.keys', 'must have at least one entry'],
    ['keys.0.name', 'Mastodon', 'write.keys.0.name', 'a-z, 0-9 and "-"'],
    ['keys.0.accessKey', 'ab', 'write.keys.0.accessKey', 'must have 3 to 128 characters'],
    ['keys.0.accessKey', 'a'.repeat(129), 'write.keys.0.accessKey', 'must have 3 to 128 characters'],
    ['keys.0.accessKey', 'a/b/c', 'write.keys.0.accessKey', 'no "/"'],
    ['keys.0.accessKey', 'two words', 'write.keys.0.accessKey', 'without white space'],
    ['keys.0.secretKey', 'fifteen-letters', 'write.keys.0.secretKey', 'must have at least 16 characters'],
    ['keys.0.rights', [], 'write.keys.0.rights', 'must have at least one entry'],
    ['keys.0.rights', ['read', 'read'], 'write.keys.0.rights', 'must name each right once'],
    ['keys.0.rights', ['admin'], 'write.keys.0.rights.0', 'must be one of: read, write, delete'],
    ['keys.0.prefix', 'media', 'write.keys.0.prefix', 'must be empty, or text that ends with "/"'],
    ['keys.0.prefix', '_upstairs/', 'write.keys.0.prefix', 'which is reserved'],
    ['keys.1', key({ accessKey: 'other' }), 'write.keys.1.name', 'is also that of write.keys.0'],
    ['keys.1', key({ name: 'other' }), 'write.keys.1.accessKey', 'is also that of write.keys.0'],
    ['/bucket.accessKey', 'MASTODON', 'write.keys.0.accessKey', 'could go past Upstairs'],
    ['/bucket.secretKey', 'sixteen-letters!', 'write.keys.0.secretKey', 'could go past Upstairs'],
    ['kyes', [], 'write.kyes', 'is not a known option'],
  ])('is refused with %s: %j', (change, value, place, message) => {
    expect(problems({ [change]: value })).toEqual([{ path: place, message: expect.stringContaining(message) }]);
  });

  it('never tells a credential of its own or of the bucket', () => {
    const error = refusal(() =>
      loadValue(withWrite({ '/bucket.accessKey': 'MASTODON', '/bucket.secretKey': 'sixteen-letters!' })),
    );
    expect(`${error.message}${JSON.stringify(error)}`).not.toMatch(/MASTODON|sixteen-letters/);
  });
});

describe('signed reads', () => {
  it('are for a bucket without ACLs', () => {
    const value = validConfig();
    setAt(value, 'bucket.reads', 'signed');
    setAt(value, 'bucket.acls', false);
    expect(loadValue(value).config.bucket).toMatchObject({ reads: 'signed', acls: false });
  });

  it('and redirects to a bucket without ACLs are refused', () => {
    const value = validConfig();
    setAt(value, 'bucket.acls', false);
    setAt(value, 'read.bucketHits', 'redirect');
    expect(refusal(() => loadValue(value)).problems).toEqual([
      { path: 'read.bucketHits', message: expect.stringContaining('must be proxy where bucket.acls is false') },
    ]);
  });
});
