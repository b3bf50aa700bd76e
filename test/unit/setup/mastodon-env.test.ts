import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readMastodonEnv } from '../../../src/setup/mastodon-env.ts';

const live = '/home/mastodon/live';
const read = (...lines: string[]) => readMastodonEnv(lines.join('\n'), live);

describe("Mastodon's settings", () => {
  it('tell the instance, the disk and the hosts that are allowed already, whatever else stands in the file', () => {
    const sample = readFileSync('test/support/samples/env.production', 'utf8');
    expect(readMastodonEnv(sample, live)).toEqual({
      given: { webHost: 'social.example.net', root: '/home/mastodon/live/public/system' },
      bucketInUse: undefined,
      keyPrefix: '',
      oldRoutes: [],
      extraMediaHosts: ['https://stickers.example.net'],
      notes: [],
    });
  });

  it.each([
    [':rails_root/media', '/home/mastodon/live/media'],
    ['../media', '/home/mastodon/media'],
    ['/mnt/media', '/mnt/media'],
    ['', '/home/mastodon/live/public/system'],
  ])('tell with PAPERCLIP_ROOT_PATH=%s that media are in %s', (path, root) => {
    expect(read('LOCAL_DOMAIN=a.example', `PAPERCLIP_ROOT_PATH=${path}`).given.root).toBe(root);
  });

  it.each([
    ['PAPERCLIP_ROOT_URL=/media', [{ host: 'a.example', prefix: '/media/' }]],
    ['PAPERCLIP_ROOT_URL=https://old.example/m', [{ host: 'old.example', prefix: '/m/' }]],
    ['PAPERCLIP_ROOT_URL=https://old.example', [{ host: 'old.example', prefix: '/' }]],
    ['CDN_HOST=https://cdn.example/', [{ host: 'cdn.example', prefix: '/system/' }]],
    ['CDN_HOST=cdn.example', [{ host: 'cdn.example', prefix: '/system/' }]],
  ])('tell with %s where links to media point already', (line, routes) => {
    expect(read('LOCAL_DOMAIN=a.example', line).oldRoutes).toEqual(routes);
  });

  it('tell which bucket is in use', () => {
    const { given, bucketInUse, keyPrefix } = read(
      ...['LOCAL_DOMAIN=a.example', 'S3_ENABLED=true', 'S3_BUCKET=media', 'S3_REGION=eu-west-1'],
      ...[
        'AWS_ACCESS_KEY_ID=AKIA',
        'AWS_SECRET_ACCESS_KEY=s3cr3t',
        'S3_ALIAS_HOST=files.a.example',
        'S3_KEY_PREFIX=/m/',
      ],
    );
    const bucket = { endpoint: 'https://s3.eu-west-1.amazonaws.com', region: 'eu-west-1' };
    expect(given).toMatchObject({
      ...bucket,
      bucket: 'media',
      mediaHost: 'files.a.example',
      bucketSecretKey: 's3cr3t',
    });
    expect(bucketInUse).toEqual({
      ...bucket,
      name: 'media',
      keyPrefix: 'm/',
      acls: true,
      accessKey: 'AKIA',
      secretKey: 's3cr3t',
    });
    expect(keyPrefix).toBe('m/');
  });

  it.each([
    ['S3_BUCKET=media', 'S3_BUCKET is set and S3_ENABLED is not true'],
    ['SWIFT_ENABLED=true', 'SWIFT_ENABLED or AZURE_ENABLED'],
    ['S3_OVERRIDE_PATH_STYLE=true', 'turns path style off'],
    ['CACHE_BUSTER_ENABLED=true', 'CACHE_BUSTER_ENABLED is true already'],
    ['CDN_HOST=cdn.example', 'have cdn.example/system/ answered by Upstairs'],
    ['ALTERNATE_DOMAINS=b.example', 'ALTERNATE_DOMAINS is set'],
  ])('are remarked upon where they have %s', (line, note) => {
    expect(read('LOCAL_DOMAIN=a.example', line).notes).toEqual([expect.stringContaining(note)]);
  });

  it('are read whatever an editor made of the file', () => {
    const lines = ['\uFEFFLOCAL_DOMAIN=a.example', "export S3_BUCKET = 'media' # old", 'S3_BUCKET=newer', 'S3_REGION='];
    const { given } = readMastodonEnv(lines.join('\r\n'), live);
    expect(given).toMatchObject({ webHost: 'a.example', bucket: 'newer' });
    expect(given.region).toBeUndefined();
  });

  it('are remarked upon where dotenv may make something else of a value', () => {
    const { notes } = read('LOCAL_DOMAIN=a', 'AWS_SECRET_ACCESS_KEY=ab$cd', "AWS_ACCESS_KEY_ID='a$b'", 'DB_PASS=$x');
    expect(notes).toEqual([expect.stringMatching(/^AWS_SECRET_ACCESS_KEY has a \$ in it/)]);
    expect(notes.join()).not.toContain('ab$cd');
  });

  it('tell of an alias with a path that old links have', () => {
    const lines = ['LOCAL_DOMAIN=a.example', 'S3_ENABLED=true', 'S3_ALIAS_HOST=cdn.example/media'];
    const { given, oldRoutes } = read(...lines);
    expect(given.mediaHost).toBe('cdn.example');
    expect(oldRoutes).toEqual([{ host: 'cdn.example', prefix: '/media/' }]);
  });

  it('are doubted where they do not tell the instance', () => {
    expect(read('DB_HOST=localhost').notes).toEqual([expect.stringContaining('LOCAL_DOMAIN is not set')]);
  });
});
