import { readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isMap, parse, parseDocument, type Scalar } from 'yaml';
import { configSchema } from '../../../src/config/schema.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { needs } from '../../support/left-out.ts';
import { scratch } from '../../support/scratch.ts';
import { getAt, schemaOptions } from './schema-options.ts';
import { disk, loadText, refusal, setAt } from './valid-config.ts';

const example = readFileSync('config/upstairs.example.yaml', 'utf8');
const demo = readFileSync('config/demo.yaml', 'utf8');

describe('the example', () => {
  it.skipIf(needs('openssl').skip)('loads, once its directories and certificates exist', () => {
    const { cert, ca } = makeCertificate(['example.social', 'files.example.social', 's3.example.social']);
    const [root, elsewhere] = [disk(), disk()];
    symlinkSync(elsewhere, join(root, 'cache'));
    const here = example
      .replace('/var/lib/mastodon/public/system', root)
      .replace('/mnt/b/cache', elsewhere)
      .replace('/var/lib/upstairs', scratch('state'))
      .replace('/etc/upstairs/basement-ca.pem', ca)
      .replaceAll('/etc/letsencrypt/live/example.social', dirname(cert));
    const { config } = loadText(
      here,
      {
        SPACES_KEY: 'DO00',
        MASTODON_ACCESS_KEY: 'mastodon',
        BASEMENT_SECRET: 'secret',
        OLD_MINIO_KEY: 'minio',
        OLD_MINIO_SECRET: 'minio-secret',
      },
      {
        '/run/secrets/spaces_secret': 's3cr3t\n',
        '/run/secrets/mastodon_secret': 'sixteen-letters!\n',
        '/run/secrets/purge_secret': 'another-sixteen-\n',
        '/run/secrets/admin_token': 'a-token-of-sixteen\n',
      },
    );
    expect(config).toMatchObject({
      phase: 'move',
      read: {
        listen: { host: '0.0.0.0', port: 8080 },
        keepAliveTimeout: 75_000,
        purge: { header: 'x-purge-secret', secret: 'another-sixteen-' },
      },
      write: {
        listen: { host: '127.0.0.1', port: 8081 },
        answerWithin: 4000,
        keys: [{ accessKey: 'mastodon', rights: ['read', 'write', 'delete'] }],
      },
      bucket: { accessKey: 'DO00', secretKey: 's3cr3t', breaker: { failures: 5, retryAfter: 5000 } },
      sources: [
        { type: 'disk' },
        { type: 'http', secret: { header: 'x-upstairs-secret', value: 'secret' } },
        { type: 's3', accessKey: 'minio', secretKey: 'minio-secret', acls: false },
      ],
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
      const [without, withDefaults] = [written(), written()];
      setAt(without, path, undefined);
      // What is optional in a section is not among its defaults.
      for (const inner of options.filter((option) => option.isOptional && option.path.startsWith(`${path}.`)))
        setAt(withDefaults, inner.path, undefined);
      expect(configSchema.parse(without)).toEqual(configSchema.parse(withDefaults));
    },
  );

  const withoutDefault = options.filter(({ schema }) => schema.default === undefined);

  it.each(withoutDefault.filter(({ isOptional }) => !isOptional).map(({ path }) => path))(
    'calls %s required, which it is',
    (path) => {
      const without = written();
      setAt(without, path, undefined);
      expect(configSchema.safeParse(without).success).toBe(false);
    },
  );

  it.each(withoutDefault.filter(({ isOptional }) => isOptional).map(({ path }) => path))(
    'calls %s optional, which it is',
    (path) => {
      expect(commentOf(path)).toMatch(/^optional;/);
      const without = written();
      setAt(without, path, undefined);
      expect(configSchema.safeParse(without).success).toBe(true);
    },
  );

  it('has for what may be left out of the write host what is taken then', () => {
    const { write, bucket } = configSchema.parse(written());
    expect([write?.bucket, write?.region]).toEqual([bucket.name, bucket.region]);
  });

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

/** What stands behind `#` on the line of an option. */
function commentOf(path: string): string | undefined {
  const [last = '', ...above] = path.split('.').reverse();
  const steps = above.reverse().map((step) => (/^\d+$/.test(step) ? Number(step) : step));
  const document = parseDocument(example);
  const section = steps.length === 0 ? document.contents : document.getIn(steps, true);
  if (!isMap<Scalar<string>>(section)) throw new Error(`${path} is in no section`);
  const at = section.items.find(({ key }) => key.value === last)?.key.range?.[0];
  return /.* # (.*)/.exec(example.slice(at))?.[1];
}

/** Credentials as they would be, so that the schema alone can be asked. */
function setFixed(value: object): object {
  setAt(value, 'bucket.accessKey', 'key');
  setAt(value, 'bucket.secretKey', 'secret');
  return value;
}
