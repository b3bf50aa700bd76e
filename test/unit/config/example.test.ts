import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configSchema } from '../../../src/config/schema.ts';
import { scratch } from '../../support/scratch.ts';
import { getAt, schemaOptions } from './schema-options.ts';
import { disk, loadText, refusal, setAt } from './valid-config.ts';

const example = readFileSync('config/upstairs.example.yaml', 'utf8');
const demo = readFileSync('config/demo.yaml', 'utf8');

describe('the example', () => {
  it('loads, once its directories exist', () => {
    const here = example
      .replace('/var/lib/mastodon/public/system', disk())
      .replace('/var/lib/upstairs', scratch('state'));
    const { config } = loadText(here, { SPACES_KEY: 'DO00' }, { '/run/secrets/spaces_secret': 's3cr3t\n' });
    expect(config).toMatchObject({
      phase: 'move',
      read: { listen: { host: '0.0.0.0', port: 8080 }, keepAliveTimeout: 75_000 },
      bucket: { accessKey: 'DO00', secretKey: 's3cr3t', breaker: { failures: 5, retryAfter: 5000 } },
      cache: { maxSize: 268_435_456, ttl: 86_400_000 },
      copy: { looks: [60_000, 600_000, 3_600_000, 86_400_000], retry: { first: 5000 } },
    });
  });

  const options = schemaOptions();
  const value = () => parse(example) as object;
  const written = () => setFixed(value());

  it.each(options.filter(({ isSection }) => !isSection).map(({ path }) => path))('names %s', (path) => {
    expect(getAt(value(), path)).toBeDefined();
  });

  it.each(options.filter(({ schema }) => schema.default !== undefined).map(({ path }) => path))(
    'has the default for %s',
    (path) => {
      const without = written();
      setAt(without, path, undefined);
      expect(configSchema.parse(without)).toEqual(configSchema.parse(written()));
    },
  );

  it.each(options.filter(({ schema }) => schema.default === undefined).map(({ path }) => path))(
    'calls %s required, which it is',
    (path) => {
      const without = written();
      setAt(without, path, undefined);
      expect(configSchema.safeParse(without).success).toBe(false);
    },
  );

  it('has a reason for every option', () => {
    for (const { path, schema } of options) expect(schema.description, path).toEqual(expect.any(String));
    const bare = example.split('\n').filter((line) => /^\s*(- )?\w+:/.test(line) && !line.includes(' # '));
    expect(bare).toEqual(['      prefix: /system/']);
  });
});

describe('the demo', () => {
  const env = () => ({ DEMO_S3_ENDPOINT: 'http://127.0.0.1:9000', DEMO_MEDIA: disk(), DEMO_STATE: scratch('state') });

  it('needs an endpoint, media and a place for state, and nothing else', () => {
    expect(loadText(demo, env()).config).toMatchObject({
      read: { listen: { host: '127.0.0.1', port: 0 } },
      admin: { listen: { host: '127.0.0.1', port: 0 } },
      bucket: { endpoint: 'http://127.0.0.1:9000', name: 'demo-media', accessKey: 'demo', secretKey: 'demo' },
      sources: [{ name: 'basement' }],
      copy: { minAge: 0 },
      log: { level: 'info' },
    });
    expect(refusal(() => loadText(demo)).problems.map(({ path }) => path)).toEqual([
      'state.dir',
      'bucket.endpoint',
      'sources.0.root',
    ]);
  });
});

/** Credentials as they would be, so that the schema alone can be asked. */
function setFixed(value: object): object {
  setAt(value, 'bucket.accessKey', 'key');
  setAt(value, 'bucket.secretKey', 'secret');
  return value;
}
