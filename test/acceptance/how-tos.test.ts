import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { DeleteObjectCommand, PutObjectAclCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { PlainConfig } from '../support/base-config.ts';
import { eventually } from '../support/eventually.ts';
import { mountFaultyDisk } from '../support/faulty-disk.ts';
import { freePort } from '../support/free-port.ts';
import { testedBlocks } from '../support/how-to-blocks.ts';
import { needs } from '../support/left-out.ts';
import { basement, jpeg, mastodonKey } from '../support/media-files.ts';
import { objectFacts, type Rgw, sharedRgw } from '../support/rgw.ts';
import { runVerify } from '../support/run-verify.ts';
import { scratch } from '../support/scratch.ts';
import { ShellSession } from '../support/shell-session.ts';
import { baseConfig, startUpstairs, type Upstairs } from '../support/upstairs.ts';
import { clientBucket, writeWorld } from '../support/write-world.ts';

const program = fileURLToPath(new URL('../../bin/upstairs', import.meta.url));

/** Where a page's commands are typed in, and what is elsewhere here. */
interface Place {
  readonly upstairs?: Upstairs;
  readonly rgw: Rgw;
  readonly bucket: string;
  readonly config?: PlainConfig;
  readonly elsewhere?: Readonly<Record<string, string>>;
}

/** Somebody who has a page before him. */
class Reader {
  readonly home = scratch('home');
  readonly #shell: ShellSession;
  readonly #place: Place;
  readonly #page: string;

  constructor(page: string, place: Place) {
    this.#page = page;
    this.#place = place;
    for (const dir of ['root/upstairs', 'etc/upstairs/secrets', 'bin'])
      mkdirSync(join(this.home, dir), { recursive: true });
    symlinkSync(program, join(this.home, 'bin/upstairs'));
    if (place.config) writeFileSync(this.#configFile, this.#here(stringify(place.config)));
    const { rgw } = place;
    this.#shell = new ShellSession({
      cwd: this.home,
      env: {
        PATH: `${join(this.home, 'bin')}:${env.PATH}`,
        HOME: this.home,
        RCLONE_CONFIG: '/dev/null',
        RCLONE_CONFIG_SPACES_TYPE: 's3',
        RCLONE_CONFIG_SPACES_PROVIDER: 'Ceph',
        RCLONE_CONFIG_SPACES_ENDPOINT: rgw.endpoint,
        RCLONE_CONFIG_SPACES_ACCESS_KEY_ID: rgw.accessKey,
        RCLONE_CONFIG_SPACES_SECRET_ACCESS_KEY: rgw.secretKey,
      },
    });
    onTestFinished(() => this.#shell.close());
  }

  get #configFile(): string {
    return join(this.home, 'etc/upstairs/upstairs.yaml');
  }

  /** As it is written in his file. */
  config(): PlainConfig {
    return parse(readFileSync(this.#configFile, 'utf8'));
  }

  /** Types in what the n-th of the page's blocks has, and gives what is printed. */
  async follow(n: number): Promise<string> {
    const blocks = testedBlocks().find(({ page }) => page === this.#page)?.blocks ?? [];
    return await this.#shell.run(this.#here(blocks[n]?.text ?? expect.fail(`${this.#page} has no block ${n}`)));
  }

  #here(text: string): string {
    const { upstairs, bucket, elsewhere = {} } = this.#place;
    const host = (url = '') => url.replace('http://', '');
    const table = {
      // First, for it is in what others become.
      '/root/': join(this.home, 'root/'),
      ...elsewhere,
      '127.0.0.1:8080': host(upstairs?.readUrl),
      '127.0.0.1:9180': host(upstairs?.adminUrl),
      'files.example.social': 'files.test',
      'spaces:example-social-media': `spaces:${bucket}`,
      'runuser -u mastodon -- ': '',
      'runuser -u upstairs -- ': '',
      '/etc/upstairs': join(this.home, 'etc/upstairs'),
    };
    return Object.entries(table).reduce((changed, [from, to]) => changed.replaceAll(from, to), text);
  }
}

test('every block that a how-to calls tested is run here', () => {
  const counted = Object.fromEntries(testedBlocks().map(({ page, blocks }) => [page, blocks.length]));
  expect(counted).toEqual({
    'copy-the-cold-rest': 7,
    leave: 1,
    'old-minio': 1,
    'pull-the-plug': 4,
    'roll-back': 2,
    'stand-alone': 1,
    'when-a-disk-dies-tonight': 1,
  });
});

describe.skipIf(needs('ceph', 'fuse').skip)('what nobody looks at', () => {
  test('is carried up on order, and what could not be is named and tried again', { timeout: 120_000 }, async () => {
    const [damaged, suspended, ...others] = Array.from({ length: 14 }, (_, n) => mastodonKey(n, 'jpg')) as [
      string,
      string,
      ...string[],
    ];
    const rgw = sharedRgw();
    const bucket = await rgw.freshBucket();
    const [root, logs] = [scratch('media'), scratch('logs')];
    const files = Object.fromEntries([damaged, ...others].map((key, n) => [key, jpeg(n)]));
    await basement(root, { ...files, [suspended]: { bytes: jpeg(99), mode: 0o600 } });
    const disk = await mountFaultyDisk(root, { directIo: true, rules: [{ match: damaged, op: 'read', errno: 'EIO' }] });
    onTestFinished(() => disk.unmount());
    const viewed = `GET /system/${others[0]} HTTP/1.1`;
    writeFileSync(join(logs, 'access.log.1'), `192.0.2.1 - - [01/Mar/2026:10:00:00 +0000] "${viewed}" 200 9 "-" "-"\n`);
    const config = baseConfig({
      endpoint: rgw.endpoint,
      bucket,
      root: disk.mountPoint,
      admin: { listen: `127.0.0.1:${await freePort()}`, token: `$${'{file:/etc/upstairs/secrets/admin-token}'}` },
      copy: { looks: ['1s'], retry: { first: '1ms', most: '1ms', times: 1 } },
    });
    // There is no such user here.
    const elsewhere = { 'chown upstairs: ': 'ls ', '/var/log/nginx': logs };
    const reader = new Reader('copy-the-cold-rest', { rgw, bucket, config, elsewhere });
    await reader.follow(0);
    const upstairs = await startUpstairs({ config: reader.config() });
    onTestFinished(() => upstairs.dispose());
    const copied = (count: number) =>
      eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(count), {
        withinMs: 60_000,
      });

    expect(await reader.follow(1)).toContain('1 lines, 1 of them views');
    expect(await reader.follow(2)).toContain('basement: 14 files');
    expect(await reader.follow(3)).toMatch(/\nrunning \(ordered by hand on .*\nlimit: 5MiB\/s, 50\/s \(by hand\)\n/);
    await copied(13);
    await eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'refused' })).toBe(1));
    expect((await objectFacts(rgw.client, bucket, suspended))?.isPublic).toBe(false);
    expect(await reader.follow(4)).toMatch(/^copied +13 /m);
    expect(await reader.follow(5)).toContain(`${damaged}\tdamaged\tEIO at byte 0 of ${jpeg(0).length}\t`);
    expect(readFileSync(join(reader.home, 'root/upstairs/lost.csv'), 'utf8')).toContain(
      `https://files.test/${damaged},${damaged},`,
    );
    await disk.setRules([]);
    expect(await reader.follow(6)).toBe('1 key is tried again now\n');
    await copied(14);
  });
});

describe.skipIf(needs('ceph', 'rclone').skip)('what nobody looks at in an old bucket', () => {
  test('is known from its list, carried up, and proven', { timeout: 120_000 }, async () => {
    const rgw = sharedRgw();
    const [bucket, old] = [await rgw.freshBucket(), await rgw.freshBucket()];
    const keys = [mastodonKey(1, 'jpg'), 'site_uploads/files/000/000/001/original/a name.jpg'];
    for (const [n, Key] of keys.entries())
      await rgw.client.send(new PutObjectCommand({ Bucket: old, Key, Body: jpeg(n), ACL: 'public-read' }));
    const stateDir = scratch('state');
    const source = { type: 's3', name: 'old-minio', endpoint: rgw.endpoint, bucket: old, acls: true };
    const config = baseConfig({
      ...{ endpoint: rgw.endpoint, bucket, root: '', stateDir },
      sources: [{ ...source, accessKey: rgw.accessKey, secretKey: rgw.secretKey }],
      copy: { minAge: '0ms' },
    });
    const first = await startUpstairs({ config });
    onTestFinished(() => first.dispose());
    const elsewhere = { '/var/lib/upstairs/': `${stateDir}/`, 'old:mastodon': `spaces:${old}` };
    const reader = new Reader('old-minio', { upstairs: first, rgw, bucket, config, elsewhere });
    expect(await reader.follow(0)).toContain('old-minio: 2 files');
    await first.kill('SIGTERM');
    const upstairs = await startUpstairs({ config: { ...config, backfill: { enabled: true } } });
    onTestFinished(() => upstairs.dispose());
    await eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(2), {
      withinMs: 90_000,
    });
    const verified = await runVerify(config);
    expect(verified.lines).toEqual(keys.map((key) => `= ${key}`).sort());
    expect(verified.code).toBe(0);
  });
});

describe.skipIf(needs('ceph', 'rclone').skip)('a disk that is to go', () => {
  test('is proven to be needed by nobody, taken out, brought back, and Upstairs can be left', {
    timeout: 120_000,
  }, async () => {
    const keys = [1, 2, 3, 4].map((n) => mastodonKey(n, 'jpg'));
    const rgw = sharedRgw();
    const bucket = await rgw.freshBucket();
    const [root, stateDir] = [scratch('media'), scratch('state')];
    await basement(root, Object.fromEntries(keys.map((key, n) => [key, jpeg(n)])));
    const config = baseConfig({
      ...{ endpoint: rgw.endpoint, bucket, root, stateDir },
      admin: { listen: `127.0.0.1:${await freePort()}` },
      backfill: { enabled: true },
      retire: { quiet: '2s' },
    });
    const upstairs = await startUpstairs({ config });
    onTestFinished(() => upstairs.dispose());
    await eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(4), {
      withinMs: 60_000,
    });
    const reader = new Reader('pull-the-plug', {
      ...{ upstairs, rgw, bucket, config },
      elsewhere: { '/var/lib/upstairs/': `${stateDir}/` },
    });
    const clean = 'clean: 4 keys of basement; everything below is in the bucket and equal';
    expect(await reader.follow(0)).toContain(clean);
    expect(readFileSync(join(stateDir, 'verification.md'), 'utf8')).toContain('**Clean.**');
    const again = await reader.follow(1);
    expect(again.split(clean)).toHaveLength(3);
    const safe = async () => {
      const { sources } = JSON.parse((await upstairs.admin('/api/status')).text) as {
        sources: { unplug: { safe: boolean } }[];
      };
      return sources[0]?.unplug.safe;
    };
    await eventually(async () => expect(await safe()).toBe(true), { withinMs: 30_000 });
    expect(await reader.follow(2)).toMatch(/^safe to unplug: yes\n(.*\n)*basement is retired: /);
    renameSync(root, `${root}-away`);
    for (const [n, key] of keys.entries())
      expect((await upstairs.get(`/${key}`)).body.equals(Buffer.from(jpeg(n)))).toBe(true);
    renameSync(`${root}-away`, root);
    expect(await reader.follow(3)).toContain('basement is back');

    expect(await objectFacts(rgw.client, bucket, '_upstairs/identity')).toBeDefined();
    await new Reader('leave', { rgw, bucket }).follow(0);
    expect(await objectFacts(rgw.client, bucket, '_upstairs/identity')).toBeUndefined();
  });
});

describe.skipIf(needs('ceph', 'rclone').skip)('giving the writes back to the disk', () => {
  test('brings down what is only above, and closes what was deleted or suspended', { timeout: 60_000 }, async () => {
    const [kept, deleted, suspended, posted, hidden] = [1, 2, 3, 4, 5].map((n) => mastodonKey(n, 'jpg')) as [
      string,
      ...string[],
    ];
    const files = Object.fromEntries([kept, deleted!, suspended!].map((key, n) => [key, jpeg(n)]));
    const { upstairs, rgw, bucket, root, client } = await writeWorld({ files });
    const mastodon = client();
    for (const Key of [posted, hidden])
      await mastodon.send(new PutObjectCommand({ Bucket: clientBucket, Key, Body: jpeg(9), ACL: 'public-read' }));
    await mastodon.send(new DeleteObjectCommand({ Bucket: clientBucket, Key: deleted }));
    for (const Key of [suspended, hidden])
      await mastodon.send(new PutObjectAclCommand({ Bucket: clientBucket, Key, ACL: 'private' }));
    const reader = new Reader('roll-back', {
      upstairs,
      rgw,
      bucket,
      elsewhere: { '/home/mastodon/live/public/system': root },
    });
    await reader.follow(0);
    expect(existsSync(join(root, '_upstairs'))).toBe(false);
    expect((await reader.follow(1)).trim().split('\n').at(-1)).toBe('0');
    const shown = (key = '') => (statSync(join(root, key)).mode & 0o044) !== 0;
    expect([kept, deleted, suspended, posted, hidden].map(shown)).toEqual([true, false, false, true, false]);
    expect(readFileSync(join(root, posted ?? ''))).toEqual(Buffer.from(jpeg(9)));
  });
});

describe.skipIf(needs('ceph', 'fuse').skip)('a file that the disk gives no more', () => {
  test('is taken out of a backup, alone, and is served from there', { timeout: 60_000 }, async () => {
    const [broken, sound, suspended] = [mastodonKey(1, 'jpg'), mastodonKey(2, 'jpg'), mastodonKey(4, 'jpg')];
    const rgw = sharedRgw();
    const bucket = await rgw.freshBucket();
    const [root, backup, rescued] = [scratch('media'), scratch('backup'), scratch('rescued')];
    const both = { [broken]: jpeg(1), [sound]: jpeg(2), [suspended]: jpeg(4) };
    await basement(root, { ...both, [suspended]: { bytes: jpeg(4), mode: 0o600 } });
    await basement(backup, { ...both, [mastodonKey(3, 'jpg')]: jpeg(3) });
    const rules = [broken, suspended].map((match) => ({ match, op: 'read', errno: 'EIO' }));
    const disk = await mountFaultyDisk(root, { directIo: true, rules });
    onTestFinished(() => disk.unmount());
    const copy = { looks: ['1s'], retry: { first: '1ms', most: '1ms', times: 1 } };
    const config = baseConfig({ endpoint: rgw.endpoint, bucket, root: disk.mountPoint, copy });
    const first = await startUpstairs({ config });
    onTestFinished(() => first.dispose());
    for (const [key, status] of [
      [broken, 503],
      [suspended, 503],
      [sound, 200],
    ] as const)
      expect((await first.get(`/${key}`)).status).toBe(status);
    await eventually(async () => expect(await first.metric('upstairs_ledger_keys', { status: 'refused' })).toBe(2));

    const elsewhere = {
      '/mnt/backup/public/system': backup,
      '/home/mastodon/live/public/system': disk.mountPoint,
      '/var/lib/upstairs-rescued': rescued,
    };
    await new Reader('when-a-disk-dies-tonight', { rgw, bucket, config, elsewhere }).follow(0);
    const there = readdirSync(rescued, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jpg'));
    expect(there.toSorted()).toEqual([broken, suspended].toSorted());
    expect([broken, suspended].map((key) => statSync(join(rescued, key)).mode & 0o777)).toEqual([0o644, 0o600]);
    await first.kill();
    const sources = [config.sources, { type: 'disk', name: 'rescued', root: rescued }].flat();
    const second = await startUpstairs({ config: { ...config, sources } });
    onTestFinished(() => second.dispose());
    const answer = await second.get(`/${broken}`);
    expect([answer.status, answer.body.equals(Buffer.from(jpeg(1)))]).toEqual([200, true]);
    expect((await second.get(`/${suspended}`)).status).toBe(404);
  });
});

test('the hook that hands a certificate on gives Upstairs both files, for its user alone', async () => {
  const rgw = { endpoint: '', accessKey: '', secretKey: '' } as Rgw;
  const elsewhere = { '-o upstairs -g upstairs ': '', $RENEWED_LINEAGE: scratch('lineage') };
  for (const name of ['fullchain.pem', 'privkey.pem']) writeFileSync(join(elsewhere.$RENEWED_LINEAGE, name), name);
  const reader = new Reader('stand-alone', { rgw, bucket: '', elsewhere });
  await reader.follow(0);
  const tls = join(reader.home, 'etc/upstairs/tls');
  expect(statSync(tls).mode & 0o777).toBe(0o700);
  for (const name of ['fullchain.pem', 'privkey.pem']) {
    expect(readFileSync(join(tls, name), 'utf8')).toBe(name);
    expect(statSync(join(tls, name)).mode & 0o777).toBe(0o600);
  }
});
