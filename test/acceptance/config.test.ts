import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { startFauxqs } from 'fauxqs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { merge, type PlainConfig } from '../support/base-config.ts';
import { eventually } from '../support/eventually.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { needs } from '../support/left-out.ts';
import { basement } from '../support/media-files.ts';
import { objectFacts, sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs } from '../support/upstairs.ts';

const repository = new URL('../../', import.meta.url);
const program = fileURLToPath(new URL('src/main.ts', repository));

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command to its end. */
function upstairs(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const bare = { PATH: env.PATH, HOME: env.HOME };
    execFile(execPath, [program, ...args], { env: bare, timeout: 20_000 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

function configFile(config: PlainConfig | string): string {
  const file = join(scratch('config'), 'upstairs.yaml');
  writeFileSync(file, typeof config === 'string' ? config : stringify(config));
  return file;
}

describe('a configuration with many faults', () => {
  test('is refused with all of them at once, each by its path, and with no value', async () => {
    const root = scratch('root');
    await basement(root, { 'a.jpg': 'a' });
    const file = configFile(
      merge(baseConfig({ endpoint: 'ftp://media.example', bucket: 'A_Bad_Name', root }), {
        phase: 'sideways',
        read: { routes: [{ host: 'https://files.test', prefix: 'system' }], maxConnections: -3 },
        bucket: { secretKey: '$' + '{UNSET_SECRET}', accessKey: 'keep-me-out-of-it', unknownOption: 1 },
        cache: { maxSize: 'much', ttl: '48h' },
        copy: { looks: ['2s', '1s'], minAge: '60' },
        sources: [
          { type: 'disk', name: 'bucket', root: '/there/is/no/such/disk' },
          { type: 'tape', name: 'x' },
        ],
        admin: { listen: 'nowhere' },
      }),
    );
    const { code, stdout, stderr } = await upstairs('serve', '-c', file);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    for (const path of [
      'phase',
      'read.routes.0.host',
      'read.routes.0.prefix',
      'read.maxConnections',
      'bucket.endpoint',
      'bucket.name',
      'bucket.secretKey',
      'bucket.unknownOption',
      'cache.maxSize',
      'cache.ttl',
      'copy.looks',
      'copy.minAge',
      'sources.0.name',
      'sources.1.type',
      'admin.listen',
    ])
      expect(stderr).toMatch(new RegExp(`^(upstairs: )?${path.replaceAll('.', '\\.')}: .{8,}`, 'm'));
    expect(stderr).toContain('UNSET_SECRET');
    expect(stderr).not.toMatch(/keep-me-out-of-it|sideways|A_Bad_Name|ftp:|nowhere|much/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('is refused before anything is opened or written', async () => {
    const state = join(scratch('parent'), 'state');
    const root = scratch('root');
    const file = configFile(baseConfig({ endpoint: 'http://127.0.0.1:1', bucket: 'media', root, stateDir: state }));
    const { code, stderr } = await upstairs('serve', '-c', file);
    expect(code).toBe(1);
    expect(stderr).toMatch(/sources\.0\.root: is empty: is the disk mounted\?/);
    await expect(objectIn(state)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('the command', () => {
  test('says which option is missing when there is no configuration', async () => {
    const { code, stdout, stderr } = await upstairs('serve');
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain('--config <file>');
  });

  test('says that a configuration file is not there', async () => {
    const { code, stderr } = await upstairs('serve', '-c', '/there/is/no/such.yaml');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^upstairs: .*\nthe configuration file \/there\/is\/no\/such\.yaml does not exist\n/);
  });

  test('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('package.json', repository), 'utf8')) as { version: string };
    expect(await upstairs('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('tells what it can do', async () => {
    const { code, stdout } = await upstairs('--help');
    expect(code).toBe(0);
    for (const command of ['serve', 'schema', 'list']) expect(stdout).toMatch(new RegExp(`^\\s+${command}\\b`, 'm'));
  });

  test.each([['fly'], ['list', 'nonsense', '-c', 'x'], ['serve', '--wrong']])(
    'refuses what it does not know: %s',
    async (...args) => {
      const { code, stderr } = await upstairs(...args);
      expect(code).toBe(64);
      expect(stderr).toMatch(/^upstairs: .*\n {2}expected: .*\n {2}to do: /);
    },
  );

  test('prints a JSON Schema that knows every option of the example, and no other', async () => {
    const { code, stdout } = await upstairs('schema');
    expect(code).toBe(0);
    const schema = JSON.parse(stdout) as Schema;
    expect(schema.$schema).toContain('2020-12');
    const example: unknown = parse(readFileSync(new URL('config/upstairs.example.yaml', repository), 'utf8'));
    expect(unknownTo(schema, example)).toEqual([]);
    expect(unknownTo(schema, { ...(example as object), nonsense: 1, cache: { maxSise: '1MiB' } })).toEqual([
      'cache.maxSise',
      'nonsense',
    ]);
    expect(schema.required).toEqual(expect.arrayContaining(['state', 'read', 'bucket', 'sources']));
  });
});

describe('upstairs list', () => {
  test('tells each copy that was given up, and why, also while the program runs', async () => {
    const store = await startFauxqs({ port: 0, logger: false });
    onTestFinished(() => store.stop().then(() => {}));
    store.createBucket('media');
    const proxy = await faultProxy(store.address, ({ method, path }) =>
      method === 'PUT' && path.endsWith('refused.jpg') ? { status: 400 } : 'pass',
    );
    onTestFinished(() => proxy.close());
    const root = scratch('root');
    await basement(root, { 'refused.jpg': 'a', 'fine.jpg': 'b' });
    const config = merge(baseConfig({ endpoint: proxy.endpoint, bucket: 'media', root }), {
      bucket: { acls: false },
      copy: { minAge: '0ms', retry: { first: '10ms', most: '20ms', times: 1 } },
    });
    await using running = await startUpstairs({ config });
    for (const key of ['refused.jpg', 'fine.jpg']) expect((await running.get(`/${key}`)).status).toBe(200);
    await eventually(async () => expect(await running.metric('upstairs_ledger_keys', { status: 'refused' })).toBe(1));
    await eventually(async () => expect(await running.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(1));

    const file = configFile(config);
    const refused = await upstairs('list', 'refused', '-c', file);
    expect(refused).toMatchObject({ code: 0, stderr: '' });
    expect(refused.stdout).toMatch(/^refused\.jpg\t\d+\tstore-refused\n$/);
    expect((await upstairs('list', 'copied', '-c', file)).stdout).toMatch(/^fine\.jpg\t\d+\t-\n$/);
    expect((await upstairs('list', 'wanted', '-c', file)).stdout).toBe('');
    expect((await running.get('/fine.jpg')).status).toBe(200);
    // A disk that is gone, or hangs, keeps nobody from the list.
    const gone = configFile(merge(config, { sources: [{ type: 'disk', name: 'basement', root: '/nowhere/at/all' }] }));
    expect((await upstairs('list', 'refused', '-c', gone)).stdout).toBe(refused.stdout);
  });
});

describe.skipIf(needs('ceph').skip)('a bucket that keeps versions', () => {
  test('is refused at the start with a sentence that says why, and nothing is written into it', async () => {
    const rgw = sharedRgw();
    const bucket = await rgw.freshBucket();
    const root = scratch('root');
    await basement(root, { 'a.jpg': 'a' });
    await rgw.client.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    const { code, stderr } = await upstairs(
      'serve',
      '-c',
      configFile(baseConfig({ endpoint: rgw.endpoint, bucket, root })),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^upstairs: .*version/);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(await objectFacts(rgw.client, bucket, '_upstairs/identity')).toBeUndefined();
  });

  test('is refused also when versioning was switched on after the program had bound itself to it', async () => {
    const rgw = sharedRgw();
    const bucket = await rgw.freshBucket();
    const root = scratch('root');
    await basement(root, { 'a.jpg': 'a' });
    const config = baseConfig({ endpoint: rgw.endpoint, bucket, root });
    await using first = await startUpstairs({ config });
    await first.kill();
    await rgw.client.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Suspended' } }),
    );
    await rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a.jpg', Body: 'above', ACL: 'public-read' }));
    const { code, stderr } = await upstairs('serve', '-c', configFile(config));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^upstairs: .*version/);
  });
});

interface Schema {
  $schema?: string;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

/** The paths of a value that no `properties` of the schema knows. */
function unknownTo(schema: Schema, value: unknown, path: string[] = []): string[] {
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (alternatives) {
    const all = alternatives.map((one) => unknownTo(one, value, path)).sort((a, b) => a.length - b.length);
    return all[0] ?? [];
  }
  if (Array.isArray(value))
    return schema.items ? value.flatMap((item, i) => unknownTo(schema.items!, item, [...path, String(i)])) : [];
  if (typeof value !== 'object' || value === null) return schema.properties ? [path.join('.')] : [];
  return Object.entries(value)
    .flatMap(([key, inner]) => {
      const known = schema.properties?.[key];
      if (known) return unknownTo(known, inner, [...path, key]);
      return schema.additionalProperties === false ? [[...path, key].join('.')] : [];
    })
    .sort();
}

async function objectIn(path: string): Promise<unknown> {
  const { stat } = await import('node:fs/promises');
  return stat(path);
}
