import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configSchema } from '../../../src/config/schema.ts';
import { setAt } from '../config/valid-config.ts';

const top = join(import.meta.dirname, '../../..');
const text = readFileSync(join(top, 'config/mastodon.env.example'), 'utf8');
const env = parseEnv(text);
const yaml = parse(readFileSync(join(top, 'config/upstairs.example.yaml'), 'utf8'));

/** The comment above a setting. */
function reasonFor(name: string): string {
  const paragraph = text.split('\n\n').find((lines) => new RegExp(`^${name}=`, 'm').test(lines)) ?? '';
  return paragraph
    .split('\n')
    .filter((line) => line.startsWith('#'))
    .join('\n');
}

describe("the settings for Mastodon agree with the example of Upstairs' own", () => {
  const { read, write } = configSchema.parse(yaml);
  if (!write) throw new Error('the example has no write host');
  const bucket = write.bucket ?? yaml.bucket.name;
  const [host] = write.hosts;

  test('in bucket and region', () => {
    expect([env.S3_BUCKET, env.S3_REGION]).toEqual([bucket, write.region ?? yaml.bucket.region]);
  });

  test('in the write host, which is public and speaks TLS', () => {
    expect([env.S3_ENDPOINT, env.S3_PROTOCOL, env.S3_HOSTNAME]).toEqual([`https://${host}`, 'https', host]);
    expect(env.EXTRA_MEDIA_HOSTS?.split(',')).toContain(`https://${host}`);
  });

  test('in the read host, which serves keys as they are', () => {
    expect(read.routes.find(({ prefix }) => prefix === '/')?.host).toBe(env.S3_ALIAS_HOST);
  });

  test('in the time that Mastodon waits', () => {
    for (const seconds of [env.S3_OPEN_TIMEOUT, env.S3_READ_TIMEOUT])
      expect(Number(seconds) * 1000).toBeGreaterThan(write.answerWithin);
  });

  test('in where the credentials come from, which it tells, and in none of the bucket’s own', () => {
    const [key] = yaml.write.keys;
    expect(reasonFor('AWS_ACCESS_KEY_ID')).toContain(key.accessKey);
    const fileOf = (value: string) => /^\$\{file:(.+)\}$/.exec(value)?.[1] ?? expect.fail(value);
    expect(reasonFor('AWS_SECRET_ACCESS_KEY')).toContain(fileOf(key.secretKey));
    expect(reasonFor('CACHE_BUSTER_SECRET')).toContain(fileOf(yaml.read.purge.secret));
    expect(text).not.toContain(yaml.bucket.accessKey);
    expect(text).not.toContain(fileOf(yaml.bucket.secretKey));
  });

  test('in how a URL is purged', () => {
    expect(env).toMatchObject({ CACHE_BUSTER_ENABLED: 'true', CACHE_BUSTER_HTTP_METHOD: 'PURGE' });
    expect(env.CACHE_BUSTER_SECRET_HEADER).toBe(yaml.read.purge.header);
  });

  test('and would be accepted with the placeholders as they stand', () => {
    const config = structuredClone(yaml);
    setAt(config, 'write.keys.0.accessKey', env.AWS_ACCESS_KEY_ID);
    setAt(config, 'write.keys.0.secretKey', env.AWS_SECRET_ACCESS_KEY);
    setAt(config, 'read.purge.secret', env.CACHE_BUSTER_SECRET);
    expect(configSchema.safeParse(config).error?.issues).toBeUndefined();
    expect(new Set(write.keys[0]?.rights)).toEqual(new Set(['read', 'write', 'delete']));
  });
});

test('every setting for Mastodon has a reason, and what must not be set is not', () => {
  for (const name of Object.keys(env))
    expect([name, reasonFor(name)]).toEqual([name, expect.stringMatching(/^# \S+ /)]);
  expect(Object.keys(env)).not.toContain('S3_OVERRIDE_PATH_STYLE');
  expect(Object.keys(env)).not.toContain('S3_KEY_PREFIX');
  expect(env).toMatchObject({ S3_ENABLED: 'true', S3_SIGNATURE_VERSION: 'v4', S3_PERMISSION: 'public-read' });
});
