import { execFile } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { DeleteObjectCommand, PutObjectAclCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { SqliteVerifications } from '../../src/ledger/sqlite-verifications.ts';
import type { PlainConfig } from '../support/base-config.ts';
import { merge } from '../support/base-config.ts';
import { eventually } from '../support/eventually.ts';
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts';
import { needs } from '../support/left-out.ts';
import { longAgo } from '../support/media-files.ts';
import { sharedRgw } from '../support/rgw.ts';
import { runScan } from '../support/run-scan.ts';
import { exceptedIn, exceptionsIn, runVerify, type VerifyRun } from '../support/run-verify.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig } from '../support/upstairs.ts';
import { clientBucket, type WriteWorld, writeWorld } from '../support/write-world.ts';

const run = promisify(execFile);
/** Nothing of the machine's own configuration must decide. */
const env = { PATH: process.env.PATH, HOME: '/nonexistent', RCLONE_CONFIG: '/dev/null', TZ: 'UTC' };

const folder = 'media_attachments/files/009';
const name = (what: string) => `${folder}/${what}.jpg`;

/** Who reads a key makes it copied. */
async function copyAll(at: WriteWorld, keys: readonly string[]): Promise<void> {
  const before = await at.upstairs.metric('upstairs_ledger_keys', { status: 'copied' });
  for (const key of keys) await at.upstairs.get(`/${key.split('/').map(encodeURIComponent).join('/')}`);
  await eventually(
    async () =>
      expect(await at.upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(before + keys.length),
    { withinMs: 30_000 },
  );
}

/** The command's own way to the bucket, which the test can break. */
async function place(
  files: Record<string, string | { bytes: Uint8Array; mode: number }>,
  ends: End[],
  { faulty = false } = {},
) {
  const stateDir = scratch('state');
  const bytes = Object.entries(files).map(([key, file]) => [key, typeof file === 'string' ? Buffer.from(file) : file]);
  const atEnd = (end: End) => void ends.push(end);
  const at = await writeWorld({ files: Object.fromEntries(bytes), stateDir, atEnd, faulty });
  const store = await faultProxy(sharedRgw().endpoint);
  atEnd(() => store.close());
  const config = baseConfig({ endpoint: store.endpoint, bucket: at.bucket, root: at.root, stateDir });
  return { at, store, config, stateDir };
}

type End = () => Promise<unknown>;

function endAll(ends: End[]) {
  return async () => {
    for (const end of ends.reverse()) await end();
  };
}

function put(at: WriteWorld, Key: string, Body: string) {
  return sharedRgw().client.send(new PutObjectCommand({ Bucket: at.bucket, Key, Body }));
}

function remove(at: WriteWorld, Key: string) {
  return sharedRgw().client.send(new DeleteObjectCommand({ Bucket: at.bucket, Key }));
}

describe.skipIf(needs('ceph').skip)('files and objects that were tampered with', () => {
  const ends: End[] = [];
  const whole = ['whole', 'chmodded', 'odd name+ü & 😀'].map(name);
  const below = ['grown', 'rewritten', 'faked', 'truncated', 'cleared-away', 'cut-late', 'gone-late'].map(name);
  const above = ['replaced', 'longer', 'removed', 'rotten'].map(name);
  const never = name('never-copied');
  const rclones = name('put-by-rclone');
  let at: WriteWorld;
  let store: FaultProxy;
  let config: PlainConfig;
  let stateDir: string;

  beforeAll(async () => {
    const all = [...whole, ...below, ...above, never, rclones];
    ({ at, store, config, stateDir } = await place(
      Object.fromEntries(all.map((key) => [key, `bytes of ${key}`])),
      ends,
    ));
    await put(at, rclones, `bytes of ${rclones}`);
    await copyAll(at, [...whole, ...below, ...above]);
    const path = (what: string) => join(at.root, name(what));
    appendFileSync(path('grown'), '!');
    writeFileSync(path('rewritten'), `BYTES of ${name('rewritten')}`);
    writeFileSync(path('faked'), `BYTES of ${name('faked')}`);
    utimesSync(path('faked'), longAgo, longAgo);
    truncateSync(path('truncated'), 3);
    chmodSync(path('chmodded'), 0o600);
    rmSync(path('cleared-away'));
    expect((await runScan(config)).code).toBe(0);
    truncateSync(path('cut-late'), 3);
    rmSync(path('gone-late'));
    await put(at, name('replaced'), `BYTES of ${name('replaced')}`);
    await put(at, name('longer'), `bytes of ${name('longer')}!`);
    await remove(at, name('removed'));
    const rotten = `/${at.bucket}/${name('rotten')}`;
    store.decide = ({ method, path: asked }) =>
      method === 'GET' && asked === rotten
        ? { status: 200, headers: { etag: '"x"' }, body: `bYTES of ${name('rotten')}` }
        : 'pass';
  });
  afterAll(endAll(ends));

  /** What the ledger, the scan and the listing know of. */
  const known = [
    `! ${name('put-by-rclone')} unproven`,
    `! ${name('rewritten')} changed-below`,
    `* ${name('grown')} changed-below`,
    `* ${name('longer')} changed-above`,
    `* ${name('replaced')} changed-above`,
    `* ${name('truncated')} changed-below`,
    `+ ${name('never-copied')} not-copied`,
    `+ ${name('removed')} missing-above`,
  ];

  test('by the record alone each that the records can tell is named, no bytes are moved, and the report says what it cannot find', async () => {
    const seen = store.seen.length;
    const verified = await runVerify(config, ['--json']);
    expect(exceptionsIn(verified)).toEqual([...known].sort());
    expect(verified.code).toBe(2);
    for (const key of [...whole, name('faked'), name('rotten'), name('cut-late'), name('gone-late')])
      expect(verified.lines).toContain(`= ${key}`);
    expect(verified.lines).toContain(`- ${name('cleared-away')}`);
    const read = store.seen.slice(seen).filter(({ method, path }) => method === 'GET' && path.endsWith('.jpg'));
    expect(read).toEqual([]);
    expect(verified.report).toContain('A file that was changed after its copy with size and mtime kept as they were');
    expect(verified.report).toContain('An object whose bytes went bad in the store');
    for (const line of known) expect(verified.report).toContain(`\`${line.split(' ')[1]}\``);
    const verifications = new SqliteVerifications(join(stateDir, 'ledger.db'));
    expect(await verifications.last('basement')).toMatchObject({ clean: false, mode: 'recorded', percent: 0 });
    await verifications.close();
  });

  test('the sample in which something was found wrong is read again by the next run', async () => {
    const seedOf = async (...args: string[]) => {
      const { stdout } = await runVerify(config, ['--json', '--download', '50%', ...args]);
      return (JSON.parse(stdout) as { seed: string }).seed;
    };
    expect(await seedOf('--seed', 'unlucky')).toBe('unlucky');
    expect(await seedOf()).toBe('unlucky');
  });

  test('with --download all the object that went bad is found too', async () => {
    const verified = await runVerify(config, ['--json', '--download', 'all']);
    expect(exceptionsIn(verified)).toEqual(
      [...known, `* ${name('rotten')} corrupt-above`, `! ${name('chmodded')} exposed`].sort(),
    );
    expect(verified.report).not.toContain('An object whose bytes went bad in the store');
  });

  test('with --source every file that is another one is different, the faked one too, and what rclone put there is proven', async () => {
    const verified = await runVerify(config, ['--json', '--source']);
    expect(exceptionsIn(verified)).toEqual(
      [
        `* ${name('cut-late')} changed-below`,
        `* ${name('faked')} changed-below`,
        `* ${name('grown')} changed-below`,
        `* ${name('longer')} changed-above`,
        `* ${name('replaced')} changed-above`,
        `* ${name('rewritten')} changed-below`,
        `* ${name('truncated')} changed-below`,
        `+ ${name('never-copied')} not-copied`,
        `+ ${name('removed')} missing-above`,
      ].sort(),
    );
    expect(verified.lines).toContain(`= ${rclones}`);
    expect(verified.lines).toContain(`- ${name('gone-late')}`);
    expect(verified.report).not.toContain('size and mtime kept as they were');
  });

  test.skipIf(needs('rclone').skip)('rclone check says the same of every key, line for line', async () => {
    const { endpoint, accessKey, secretKey } = sharedRgw();
    const remote = `:s3,provider=Ceph,access_key_id=${accessKey},secret_access_key=${secretKey},endpoint='${endpoint}':${at.bucket}`;
    const combined = join(scratch('rclone'), 'combined');
    // It ends with 1 where there are differences.
    await run('rclone', ['check', '--combined', combined, '--exclude', '_upstairs/**', at.root, remote], { env }).catch(
      ({ stderr }: { stderr: string }) => expect(stderr).toContain('differences found'),
    );
    const theirs = readFileSync(combined, 'utf8').split('\n').filter(Boolean).sort();
    const ours = await runVerify(config, ['--source']);
    expect(ours.lines).toEqual(theirs);
    expect(theirs.length).toBeGreaterThan(15);
  });

  test('acknowledged by name, all of it is clean, and what is not needed in the list is told', async () => {
    const list = join(scratch('list'), 'acknowledged');
    writeFileSync(list, `# looked at\n${known.map((line) => line.split(' ')[1]).join('\n')}\nno/such/key\n`);
    const early = await runVerify({ ...config, phase: 'front' }, ['--acknowledged', list]);
    expect([early.code, early.stderr]).toEqual([0, 'not recorded: in phase: front Mastodon still writes below\n']);
    const count = () => {
      const ledger = new DatabaseSync(join(stateDir, 'ledger.db'), { readOnly: true });
      const { n } = ledger.prepare('SELECT count(*) AS n FROM verifications WHERE clean = 1').get() as { n: number };
      ledger.close();
      return n;
    };
    expect(count()).toBe(0);
    const verified = await runVerify(config, ['--acknowledged', list]);
    expect([verified.code, verified.stderr]).toEqual([0, '']);
    expect(verified.stdout).toContain('acknowledged, and of no exception: no/such/key');
    expect(verified.stdout).toMatch(/^clean: /m);
    const ledger = new DatabaseSync(join(stateDir, 'ledger.db'), { readOnly: true });
    const row = ledger.prepare('SELECT clean, excepted FROM verifications ORDER BY id DESC LIMIT 1').get();
    ledger.close();
    expect(row).toEqual({ clean: 1, excepted: known.length });
    // A closer look found some of it wrong before, and that counts until one as close is clean.
    const verifications = new SqliteVerifications(join(stateDir, 'ledger.db'));
    expect(await verifications.last('basement')).toMatchObject({ clean: false });
    await verifications.close();
    expect(readdirSync(stateDir).filter((file) => file.startsWith('.verify'))).toEqual([]);
  });
});

describe.skipIf(needs('ceph').skip)('what was decided through the write host', () => {
  const ends: End[] = [];
  const keys = ['deleted', 'back-again', 'suspended', 'shown-again', 'reuploaded', 'reuploaded-lost'].map(name);
  const hidden = name('closed-file');
  const archive = 'backups/dumps/001/archive.zip';
  let at: WriteWorld;
  let config: PlainConfig;
  let store: FaultProxy;
  let stateDir: string;
  let unscanned: VerifyRun;

  beforeAll(async () => {
    const files = { ...Object.fromEntries(keys.map((key) => [key, key])), [archive]: archive };
    ({ at, config, store, stateDir } = await place(
      { ...files, [hidden]: { bytes: Buffer.from(hidden), mode: 0o600 } },
      ends,
    ));
    await copyAll(at, [...keys, hidden]);
    const client = at.client();
    for (const what of ['deleted', 'back-again'])
      await client.send(new DeleteObjectCommand({ Bucket: clientBucket, Key: name(what) }));
    for (const what of ['suspended', 'shown-again'])
      await client.send(new PutObjectAclCommand({ Bucket: clientBucket, Key: name(what), ACL: 'private' }));
    for (const what of ['reuploaded', 'reuploaded-lost'])
      await client.send(new PutObjectCommand({ Bucket: clientBucket, Key: name(what), Body: 'new' }));
    // Past Upstairs, all of it.
    await put(at, name('back-again'), 'x');
    await remove(at, name('reuploaded-lost'));
    await sharedRgw().client.send(
      new PutObjectAclCommand({ Bucket: at.bucket, Key: name('shown-again'), ACL: 'public-read' }),
    );
    unscanned = await runVerify(config);
    expect((await runScan(config)).code).toBe(0);
  });
  afterAll(endAll(ends));

  test('what was deleted or replaced needs no proof, unless it is where it must not be; what is private is found if it is shown', async () => {
    const recorded = await runVerify(config, ['--json']);
    expect(exceptionsIn(recorded)).toEqual(
      [
        `! ${name('back-again')} deleted-still-above`,
        `+ ${archive} not-copied`,
        `+ ${name('reuploaded-lost')} replaced-missing`,
      ].sort(),
    );
    expect(exceptedIn(recorded)).toEqual([`* ${name('reuploaded')} mark-replaced`, `+ ${name('deleted')} mark-gone`]);
    expect(recorded.report).toContain('no ACL was asked for');
    const downloaded = await runVerify(config, ['--json', '--download', '1%']);
    expect(exceptionsIn(downloaded)).toContain(`! ${name('shown-again')} exposed`);
    expect(exceptionsIn(downloaded)).not.toContain(`! ${name('suspended')} exposed`);
    expect(exceptionsIn(downloaded)).not.toContain(`! ${hidden} exposed`);
    expect(downloaded.report).toContain('2 private by their mark');
  });

  test('what backfill.skip leaves below needs no proof', async () => {
    const verified = await runVerify(merge(config, { backfill: { skip: ['backups/'] } }), ['--json']);
    expect(exceptedIn(verified)).toContain(`+ ${archive} rule-skip`);
  });

  test('without a scan, of another bucket or source, or of a store that does not answer nothing is proven, and that ends with 1', async () => {
    expect([unscanned.code, unscanned.stderr]).toEqual([1, expect.stringContaining('run `upstairs scan` first')]);
    const typed = await runVerify(config, ['--only', 'basment']);
    expect([typed.code, typed.stderr]).toEqual([1, expect.stringContaining('did you mean basement?')]);
    const bucket = await sharedRgw().freshBucket('other');
    const other = await runVerify(merge(config, { bucket: { name: bucket } }));
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('has no identity')]);
    store.decide = ({ path }) => (path.endsWith('/identity') ? { status: 500 } : 'pass');
    const dark = await runVerify(config);
    expect([dark.code, dark.stderr]).toEqual([1, expect.stringContaining('the store answered 500')]);
    expect([dark.lines, dark.report]).toEqual([[], '']);
    store.decide = () => 'pass';
  });

  test('a run that is broken off ends at once, records nothing, and leaves no half of a file', async () => {
    const verifications = new SqliteVerifications(join(stateDir, 'ledger.db'));
    const before = await verifications.last('basement');
    const hanging = Promise.withResolvers<void>();
    store.decide = ({ method, path }) => {
      if (method !== 'GET' || !path.endsWith('.jpg')) return 'pass';
      hanging.resolve();
      return 'hang';
    };
    const broken = await runVerify(config, ['--download', 'all'], async (child) => {
      await hanging.promise;
      child.kill('SIGINT');
    });
    store.decide = () => 'pass';
    store.release();
    expect([broken.code, broken.lines, broken.report]).toEqual([1, [], '']);
    expect(broken.stderr).toContain('broken off');
    expect(await verifications.last('basement')).toEqual(before);
    await verifications.close();
  });
});

describe.skipIf(needs('ceph', 'fuse').skip)('a disk with bad sectors', () => {
  test('a file that went bad after its copy is proven by the record, and named when it is to be read again, once', async () => {
    const ends: End[] = [];
    onTestFinished(endAll(ends));
    const [sound, bad] = [name('sound'), name('bad-since')];
    const { at, config } = await place({ [sound]: sound, [bad]: bad }, ends, { faulty: true });
    const disk = at.disk!;
    const behind = merge(config, { sources: [{ type: 'disk', name: 'basement', root: disk.mountPoint }] });
    await copyAll(at, [sound, bad]);
    expect((await runScan(behind)).code).toBe(0);
    await disk.setRules([{ match: '*bad-since*', op: 'read', errno: 'EIO' }]);
    const before = await disk.bytesRead(sound);
    const recorded = await runVerify(behind, []);
    expect([recorded.code, recorded.lines]).toEqual([0, [`= ${bad}`, `= ${sound}`]]);
    expect(await disk.bytesRead(sound)).toBe(before);
    const verified = await runVerify(behind, ['--json', '--source']);
    expect(exceptionsIn(verified)).toEqual([`! ${bad} damaged-below`]);
    expect(verified.report).toContain('EIO at byte 0');
    const { paths } = await disk.stats();
    const errors = Object.entries(paths).find(([path]) => path.endsWith('bad-since.jpg'))?.[1].errors;
    expect(errors).toBe(1);
  });
});
