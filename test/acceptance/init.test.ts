import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { makeCertificate } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/left-out.ts';
import { basement, jpeg, mastodonKey } from '../support/media-files.ts';
import { checkNginx } from '../support/nginx.ts';
import { programEnv } from '../support/program-env.ts';
import { s3Client, sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { startUpstairs } from '../support/upstairs.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const sample = fileURLToPath(new URL('../support/samples/env.production', import.meta.url));
const secret = 'testtest';
const key = mastodonKey(1, 'jpg');

interface Ended {
  code: number;
  out: string;
  err: string;
}

async function upstairs(args: string[], env: Record<string, string> = {}, input?: string): Promise<Ended> {
  const child = spawn(execPath, [program, ...args], { env: { ...programEnv, ...env }, timeout: 60_000 });
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, out, err };
}

/** Mastodon's directory with its settings and media, and a place to write to. */
async function live(settings = readFileSync(sample, 'utf8')) {
  const dir = scratch('live');
  writeFileSync(join(dir, '.env.production'), settings);
  await basement(join(dir, 'public/system'), { [key]: jpeg(1) });
  const out = join(scratch('out'), 'upstairs');
  const from = [
    'init',
    '--from',
    join(dir, '.env.production'),
    '--out',
    out,
    '--state',
    join(scratch('state'), 'state'),
  ];
  return { dir, out, from };
}

const bucketFlags = (endpoint: string, bucket: string) =>
  ['--endpoint', endpoint, '--bucket', bucket, '--bucket-access-key', 'test', '--acls', 'yes'] as const;
const nowhere = bucketFlags('https://fra1.digitaloceanspaces.com', 'town-media');
const withSecret = { UPSTAIRS_BUCKET_SECRET: secret };

function files(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .sort();
}

const secretFiles = [
  'admin-token',
  'bucket-access-key',
  'bucket-secret-key',
  'mastodon-access-key',
  'mastodon-secret-key',
  'purge-secret',
];
const written = [
  'mastodon.env',
  'nginx-upstairs.conf',
  ...secretFiles.map((name) => `secrets/${name}`),
  'upstairs.yaml',
];

describe('upstairs init', () => {
  test.skipIf(needs('ceph').skip)(
    "from Mastodon's .env.production gives a configuration with which media are served, and written as Mastodon is told to",
    async () => {
      const rgw = sharedRgw();
      const bucket = await rgw.freshBucket();
      const { out, from } = await live();
      const made = await upstairs([...from, ...bucketFlags(rgw.endpoint, bucket), '--yes'], withSecret);
      expect(made).toMatchObject({ code: 0, err: '' });
      expect(files(out)).toEqual(written);
      const yaml = await withFreePorts(join(out, 'upstairs.yaml'));

      expect(await errorsOf(yaml)).toEqual([]);

      const running = await startUpstairs({ config: readFileSync(yaml, 'utf8') });
      onTestFinished(() => running.dispose());
      for (const [host, path] of [
        ['files.social.example.net', `/${key}`],
        ['social.example.net', `/system/${key}`],
      ] as const)
        expect((await running.get(path, { host })).body).toEqual(Buffer.from(jpeg(1)));

      const settings = settingsIn(join(out, 'mastodon.env'));
      const mastodon = s3Client({
        endpoint: running.writeUrl!,
        region: settings.S3_REGION!,
        accessKey: settings.AWS_ACCESS_KEY_ID!,
        secretKey: settings.AWS_SECRET_ACCESS_KEY!,
      });
      onTestFinished(() => mastodon.destroy());
      // What the client signs is the name that Mastodon knows; it is reached at another address here.
      const { host } = new URL(settings.S3_ENDPOINT!);
      mastodon.middlewareStack.add(
        (next) => (args) => {
          (args.request as { headers: Record<string, string> }).headers.host = host;
          return next(args);
        },
        { step: 'build', priority: 'low' },
      );
      const upload = { Bucket: settings.S3_BUCKET!, Key: 'new.jpg', Body: 'new', ACL: 'public-read' } as const;
      await mastodon.send(new PutObjectCommand(upload));
      expect((await running.get('/new.jpg', { host: settings.S3_ALIAS_HOST! })).text).toBe('new');
      const purged = await running.get('/new.jpg', {
        method: 'PURGE' as 'GET',
        host: settings.S3_ALIAS_HOST!,
        headers: { [settings.CACHE_BUSTER_SECRET_HEADER!.toLowerCase()]: settings.CACHE_BUSTER_SECRET! },
      });
      expect(purged.status).toBeLessThan(300);
    },
  );

  test.skipIf(needs('ceph').skip)(
    'makes another bucket that Mastodon uses until now a source, and it is found to be right',
    async () => {
      const rgw = sharedRgw();
      const [bucket, old] = [await rgw.freshBucket(), await rgw.freshBucket('old')];
      const inUse = ['S3_ENABLED=true', `S3_BUCKET=${old}`, `S3_ENDPOINT=${rgw.endpoint}`, 'S3_REGION=us-east-1'];
      const pair = ['AWS_ACCESS_KEY_ID=test', `AWS_SECRET_ACCESS_KEY=${secret}`];
      const settings = readFileSync(sample, 'utf8').replace('S3_ENABLED=false', [...inUse, ...pair].join('\n'));
      const { out, from } = await live(settings);
      const made = await upstairs([...from, ...bucketFlags(rgw.endpoint, bucket), '--yes'], withSecret);
      expect(made).toMatchObject({ code: 0, err: expect.stringContaining('becomes a source') });
      const yaml = await withFreePorts(join(out, 'upstairs.yaml'));
      expect(parse(readFileSync(yaml, 'utf8')).sources).toMatchObject([
        { type: 'disk' },
        { type: 's3', name: 'old-bucket', endpoint: rgw.endpoint, bucket: old, acls: true },
      ]);
      expect(await errorsOf(yaml)).toEqual([]);
      // It was asked: without its secret it is found to be wrong.
      writeFileSync(join(out, 'secrets/old-bucket-secret-key'), 'another');
      expect(await errorsOf(yaml)).toEqual(['sources.old-bucket.reachable']);
    },
  );

  describe('writes files that', () => {
    let out: string;
    let ended: Ended;
    beforeAll(async () => {
      const there = await live();
      out = there.out;
      ended = await upstairs([...there.from, ...nowhere, '--yes'], { UPSTAIRS_BUCKET_SECRET: 'never-seen' });
    });

    test('are for its user alone where they hold secrets, and shows none', () => {
      const { out: said, err } = ended;
      const mode = (name: string) => (statSync(join(out, name)).mode & 0o777).toString(8);
      expect(Object.fromEntries(['secrets', ...written].map((name) => [name, mode(name)]))).toEqual({
        ...Object.fromEntries(written.map((name) => [name, '600'])),
        secrets: '700',
        'nginx-upstairs.conf': '644',
        'upstairs.yaml': '644',
      });
      const secrets = secretFiles.map((name) => readFileSync(join(out, 'secrets', name), 'utf8').trim());
      const shown =
        said + err + readFileSync(join(out, 'upstairs.yaml')) + readFileSync(join(out, 'nginx-upstairs.conf'));
      for (const one of secrets.filter((one) => one !== 'test')) expect(shown).not.toContain(one);
      expect(readFileSync(join(out, 'mastodon.env'), 'utf8')).not.toContain('never-seen');
    });

    test.skipIf(needs('nginx').skip)('nginx accepts', async () => {
      const { cert, key } = makeCertificate([
        'files.social.example.net',
        'social.example.net',
        's3.social.example.net',
      ]);
      const conf = readFileSync(join(out, 'nginx-upstairs.conf'), 'utf8')
        .replaceAll(/^ *listen \[::\].*\n/gm, '')
        .replaceAll(/ssl_certificate [^;]+;/g, `ssl_certificate ${cert};`)
        .replaceAll(/ssl_certificate_key [^;]+;/g, `ssl_certificate_key ${key};`);
      expect(await checkNginx(conf)).toContain('test is successful');
      expect(conf.match(/server_name .*;/g)).toContain('server_name s3.social.example.net;');
    });
  });

  test('asks for what is not known, again where an answer cannot be used, and takes Enter for what it proposes', async () => {
    const { out, from } = await live();
    const answers = ['', 'https://files.town', 'files.town', '', nowhere[1], '', 'town-media', 'DO00', secret, '', ''];
    const { code, err } = await upstairs(from, {}, `${answers.join('\n')}\n`);
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(err).toContain('instance, as it stands in the address bar [social.example.net]: ');
    expect(err).toContain('must be a host name without scheme, port or path');
    expect(parse(readFileSync(join(out, 'upstairs.yaml'), 'utf8'))).toMatchObject({
      phase: 'front',
      read: { routes: [{ host: 'files.town' }, { host: 'social.example.net', prefix: '/system/' }] },
      write: { hosts: ['s3.social.example.net'] },
      bucket: { endpoint: nowhere[1], name: 'town-media', acls: true },
    });
    expect(readFileSync(join(out, 'secrets/bucket-secret-key'), 'utf8')).toBe(`${secret}\n`);
  });

  test('does not show the secret key while it is typed on a terminal', async () => {
    const { out, from } = await live();
    const given = [
      ...from,
      ...nowhere,
      '--media-host',
      'files.town',
      '--write-host',
      's3.town',
      '--web-host',
      'town.net',
    ];
    const asked = [execPath, program, ...given, '--region', 'fra1', '--root', '/mnt/media'].map((word) => `'${word}'`);
    const terminal = spawn('script', ['-qefc', asked.join(' '), '/dev/null'], { env: programEnv, timeout: 20_000 });
    let screen = '';
    terminal.stdout.setEncoding('utf8').on('data', (shown: string) => {
      if (!screen.includes('secret key: ') && (screen + shown).includes('secret key: '))
        terminal.stdin.write('typed-and-not-seen\r');
      screen += shown;
    });
    const [code] = await once(terminal, 'close');
    expect(code, screen).toBe(0);
    expect(screen).toContain("The bucket's secret key: ");
    expect(screen).not.toContain('typed-and-not-seen');
    expect(readFileSync(join(out, 'secrets/bucket-secret-key'), 'utf8')).toBe('typed-and-not-seen\n');
  });

  test('writes nothing when it is broken off, or not told enough', async () => {
    const { out, from } = await live();
    const [brokenOff, silent, wrong] = await Promise.all([
      upstairs(from, {}, 'town.net\nfiles.town\n'),
      upstairs([...from, '--yes']),
      upstairs([...from, ...nowhere, '--yes', '--media-host', 'social.example.net'], withSecret),
    ]);
    expect(brokenOff).toMatchObject({ code: 1, err: expect.stringContaining('broken off: nothing was written') });
    expect(silent).toMatchObject({
      code: 1,
      err: expect.stringContaining('--endpoint is not known\n--bucket is not known'),
    });
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('need three host names') });
    expect(existsSync(out)).toBe(false);
  });

  test('replaces nothing unless it is forced to, and then keeps the key pairs that Mastodon may use by now', async () => {
    const { out, from } = await live();
    await upstairs([...from, ...nowhere, '--yes'], withSecret);
    const before = Object.fromEntries(written.map((name) => [name, readFileSync(join(out, name), 'utf8')]));
    const now = () => Object.fromEntries(written.map((name) => [name, readFileSync(join(out, name), 'utf8')]));
    const again = [...from, ...nowhere, '--yes', '--media-host', 'media.town'];
    const refused = await upstairs(again, withSecret);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('add --force') });
    expect(now()).toEqual(before);
    // Not even the bucket's secret has to be given again.
    expect(await upstairs([...again, '--force'])).toMatchObject({ code: 0 });
    const after = now();
    for (const name of written.filter((name) => name.startsWith('secrets/'))) expect(after[name]).toBe(before[name]);
    expect(after['upstairs.yaml']).toContain('host: media.town');
    expect(after['mastodon.env']).toContain('S3_ALIAS_HOST=media.town');
  });

  test('keeps the key pair of the bucket when it runs again after Mastodon was switched to the write host', async () => {
    const { dir, out, from } = await live();
    await upstairs([...from, ...nowhere, '--yes'], withSecret);
    const switched = readFileSync(join(out, 'mastodon.env'), 'utf8');
    writeFileSync(join(dir, '.env.production'), `LOCAL_DOMAIN=social.example.net\n${switched}`);
    const [, endpoint, , bucket] = nowhere;
    const file = join(out, 'upstairs.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('phase: front', 'phase: move'));
    const again = await upstairs([...from, '--endpoint', endpoint, '--bucket', bucket, '--yes', '--force']);
    expect(again).toMatchObject({ code: 0, err: expect.stringContaining('through the write host already') });
    expect(again.err).toContain('phase was move, and is front in the new file');
    expect(readFileSync(join(out, 'secrets/bucket-access-key'), 'utf8')).toBe('test\n');
    expect(readFileSync(join(out, 'secrets/bucket-secret-key'), 'utf8')).toBe(`${secret}\n`);
    expect(readFileSync(join(out, 'mastodon.env'), 'utf8')).toBe(switched);
  });

  test('closes no directory around the secrets: the user that Upstairs runs as has to come to its configuration', async () => {
    const { out, from } = await live();
    const deeper = join(out, 'etc', 'upstairs');
    from[from.indexOf(out)] = deeper;
    const { code, out: said } = await upstairs([...from, ...nowhere, '--yes'], withSecret);
    expect(code).toBe(0);
    const modes = [out, join(out, 'etc'), deeper, join(deeper, 'secrets')].map((path) => statSync(path).mode & 0o777);
    expect(modes.map((mode) => mode.toString(8))).toEqual(['755', '755', '755', '700']);
    // Who runs it as root is told all that another user needs.
    if (process.geteuid?.() !== 0) return;
    expect(said).toContain(`chown -R upstairs ${join(deeper, 'secrets')}\n     install -d -o upstairs -m 700 `);
    expect(said).toContain(`1. runuser -u upstairs -- upstairs check -c ${join(deeper, 'upstairs.yaml')}`);
  });

  test('leaves nothing half written where it may not write', async () => {
    const { out, from } = await live();
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, 'secrets'), 'a file where the directory should be');
    const { code } = await upstairs([...from, ...nowhere, '--yes'], withSecret);
    expect(code).toBe(1);
    expect(files(out)).toEqual(['secrets']);
  });
});

/** What the doctor calls an error in it. */
async function errorsOf(yaml: string): Promise<string[]> {
  const { out } = await upstairs(['check', '-c', yaml, '--json']);
  const { findings } = JSON.parse(out) as { findings: { level: string; check: string }[] };
  return findings.filter(({ level }) => level === 'error').map(({ check }) => check);
}

/** The same configuration with listeners that are free now: the machine may have others running. */
async function withFreePorts(file: string): Promise<string> {
  const text = readFileSync(file, 'utf8')
    .replace('127.0.0.1:8080', `127.0.0.1:${await freePort()}`)
    .replace('127.0.0.1:8081', `127.0.0.1:${await freePort()}`)
    .replaceAll('127.0.0.1:9180', `127.0.0.1:${await freePort()}`);
  writeFileSync(file, text);
  return file;
}

function settingsIn(file: string): Record<string, string> {
  const lines = readFileSync(file, 'utf8').matchAll(/^(\w+)=(.*)$/gm);
  return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]));
}
