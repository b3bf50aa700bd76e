import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DeleteObjectCommand, PutObjectAclCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/left-out.ts';
import { basement, jpeg, writeMedia } from '../support/media-files.ts';
import { programEnv } from '../support/program-env.ts';
import { sharedRgw } from '../support/rgw.ts';
import { findings } from '../support/run-check.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs, type Upstairs } from '../support/upstairs.ts';
import { putDownRetired, putDownVerification } from '../support/verified.ts';
import { tierOf } from '../support/world.ts';
import { clientBucket, writeWorld } from '../support/write-world.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const run = promisify(execFile);
const concurrently = { concurrent: true, timeout: 60_000 };
const files = { 'a.jpg': 'of the basement', 'b.jpg': 'of the basement too' };

interface Lasting {
  onTestFinished(end: () => unknown): void;
}

/** A basement with two files, a spare disk that nobody needs, and a bucket. */
async function house() {
  const rgw = sharedRgw();
  const [root, spare, stateDir] = [scratch('root'), scratch('spare'), scratch('state')];
  await basement(root, files);
  await basement(spare, { 'spare.jpg': 'of the spare disk' });
  const sources = [
    { type: 'disk', name: 'basement', root },
    { type: 'disk', name: 'spare', root: spare },
  ];
  const config = baseConfig({
    endpoint: rgw.endpoint,
    bucket: await rgw.freshBucket(),
    root,
    stateDir,
    sources,
    admin: { listen: `127.0.0.1:${await freePort()}` },
    retire: { quiet: '2s' },
  });
  const file = join(scratch('config'), 'upstairs.yaml');
  writeFileSync(file, stringify(config));
  const start = async ({ onTestFinished }: Lasting) => {
    const upstairs = await startUpstairs({ config });
    onTestFinished(() => upstairs.dispose());
    return upstairs;
  };
  /** Exit code and output of a command. */
  const command = async (...args: string[]) => {
    try {
      const { stdout } = await run(execPath, [program, ...args, '-c', file], { env: programEnv, timeout: 30_000 });
      return { code: 0, stdout };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, stdout: stdout + stderr };
    }
  };
  const refusals = async (...args: string[]) => {
    const { code, stdout } = await command('retire', ...args, '--json');
    const { reasons } = JSON.parse(stdout) as { reasons: { code: string }[] };
    expect(code).toBe(reasons.length === 0 ? 0 : 2);
    return reasons.map((reason) => reason.code);
  };
  return { root, stateDir, config, start, command, refusals };
}

const seen = async (upstairs: Upstairs, path: string) => {
  const { status, headers } = await upstairs.get(path);
  return [status, tierOf(headers)];
};

async function carriedUp(upstairs: Upstairs): Promise<void> {
  for (const key of Object.keys(files)) expect(await seen(upstairs, `/${key}`)).toEqual([200, 'basement']);
  const copied = () => upstairs.metric('upstairs_ledger_keys', { status: 'copied' });
  await eventually(async () => expect(await copied()).toBe(2), { withinMs: 20_000 });
}

describe.skipIf(needs('ceph').skip)('a source', concurrently, () => {
  test('is not retired before it is proven that nobody needs it, and each reason is told', async (lasting) => {
    const { root, stateDir, start, command, refusals } = await house();
    const upstairs = await start(lasting);
    expect(await refusals('spare', '--window', '1h', '--yes')).toEqual(['not-verified', 'watched-too-short']);
    await carriedUp(upstairs);
    expect(await refusals('basement', '--window', '1h')).toEqual(['not-verified', 'needed-lately']);

    putDownVerification(stateDir, ['basement', 'spare'], { clean: false });
    expect(await refusals('spare', '--window', '1h')).toEqual(['not-clean', 'watched-too-short']);
    putDownVerification(stateDir, ['basement', 'spare'], { endedMs: Date.now() - 8 * 24 * 3600 * 1000 });
    expect(await refusals('spare', '--window', '1h')).toEqual(['verified-long-ago', 'watched-too-short']);

    putDownVerification(stateDir, ['basement', 'spare']);
    expect(await refusals('spare', '--window', '1h')).toEqual(['watched-too-short']);
    await eventually(async () => expect(await refusals('spare')).toEqual([]), { withinMs: 20_000 });

    // It may still be written: it is served, and copied a minute after it was.
    await writeMedia(root, 'young.jpg', 'young', { mtime: new Date() });
    expect(await seen(upstairs, '/young.jpg')).toEqual([200, 'basement']);
    expect(await refusals('spare')).toEqual(['copies-wanted']);
    const { code, stdout } = await command('retire', 'basement', '--window', '1h', '--yes');
    expect([code, stdout]).toEqual([
      2,
      expect.stringMatching(
        /^basement was not retired\nsafe to unplug: no, because\n- 1 copy is still to be made.*\n- a reader needed it /s,
      ),
    ]);
    expect(await command('retire', 'attic', '--yes')).toEqual({
      code: 1,
      stdout: expect.stringMatching(/no source attic in the configuration\n.*: basement, spare\n/),
    });
    expect(await seen(upstairs, '/spare.jpg')).toEqual([200, 'spare']);
  });

  test('that is retired is not asked any more, may be taken away, and can be brought back', async (lasting) => {
    const { root, stateDir, config, start, command, refusals } = await house();
    const first = await start(lasting);
    await carriedUp(first);
    putDownVerification(stateDir, ['basement', 'spare']);
    await eventually(async () => expect(await refusals('basement')).toEqual([]), { withinMs: 20_000 });
    expect((await command('retire', 'basement')).stdout).toBe(
      'safe to unplug: yes\nnothing was changed: add --yes to retire it\n',
    );
    await writeMedia(root, 'only-below.jpg', 'nobody was told of it');
    expect(await command('retire', 'basement', '--yes')).toEqual({
      code: 0,
      stdout:
        'basement is retired: serve does not use it any more, and it can be unplugged\nto bring it back: upstairs retire basement --undo\n',
    });
    expect((await first.get('/only-below.jpg')).status).toBe(404);

    const away = `${root}-away`;
    await rename(root, away);
    expect((await first.admin('/readyz')).status).toBe(200);
    await first.kill();
    const second = await start(lasting);
    for (const [key, text] of Object.entries(files)) {
      expect(await seen(second, `/${key}`)).toEqual([200, 'bucket']);
      expect((await second.get(`/${key}`)).text).toBe(text);
    }
    expect((await second.get('/only-below.jpg')).status).toBe(404);
    expect((await second.admin('/readyz')).status).toBe(200);
    const { all } = await findings(config);
    const checks = all.map(({ check }) => check);
    expect(checks.filter((check) => check.includes('spare'))).not.toEqual([]);
    expect(checks.filter((check) => /basement|sources\.0/.test(check))).toEqual([]);
    expect((await command('status')).stdout).toMatch(
      /^source basement\n(.*\n)*? {2}safe to unplug: yes, retired since /m,
    );

    await rename(away, root);
    expect((await command('retire', 'basement', '--undo')).stdout).toMatch(/^basement is back: serve uses it again\n/);
    await eventually(async () => expect(await seen(second, '/only-below.jpg')).toEqual([200, 'basement']));
    expect(await refusals('basement', '--window', '1h')).toContain('needed-lately');
  });

  test('brings nothing back that was deleted or suspended while it was retired', async () => {
    const stateDir = scratch('state');
    const deleted = { 'deleted.jpg': jpeg(1), 'suspended.jpg': jpeg(2), 'kept.jpg': jpeg(3) };
    const { upstairs, client } = await writeWorld({ files: deleted, stateDir });
    putDownRetired(stateDir, 'basement', true);
    await eventually(async () => expect(await upstairs.metric('upstairs_source_in_use')).toBe(0), { withinMs: 20_000 });
    for (const key of Object.keys(deleted)) expect((await upstairs.get(`/${key}`)).status).toBe(404);
    const mastodon = client();
    await mastodon.send(new DeleteObjectCommand({ Bucket: clientBucket, Key: 'deleted.jpg' }));
    await mastodon.send(new PutObjectAclCommand({ Bucket: clientBucket, Key: 'suspended.jpg', ACL: 'private' }));
    putDownRetired(stateDir, 'basement', false);
    await eventually(async () => expect(await seen(upstairs, '/kept.jpg')).toEqual([200, 'basement']), {
      withinMs: 20_000,
    });
    for (const key of ['deleted.jpg', 'suspended.jpg']) expect((await upstairs.get(`/${key}`)).status).toBe(404);
  });
});
