import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { eventually } from '../support/eventually.ts';
import { type DiskRules, mountFaultyDisk } from '../support/faulty-disk.ts';
import { needs } from '../support/left-out.ts';
import { basement } from '../support/media-files.ts';
import { programEnv } from '../support/program-env.ts';
import { sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs, type Upstairs } from '../support/upstairs.ts';
import { tierOf } from '../support/world.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

// Most of them wait for the seconds after which a disk is looked for again, so they wait together.
const concurrently = { concurrent: true };

/** Of one test: others run at the same time. */
interface Lasting {
  onTestFinished(end: () => unknown): void;
}

/** The program with these sources, each a disk. */
async function withDisks(
  { onTestFinished }: Lasting,
  disks: Record<string, { root: string } & Record<string, unknown>>,
): Promise<Upstairs> {
  const sources = Object.entries(disks).map(([name, disk]) => ({ type: 'disk', name, ...disk }));
  const rgw = sharedRgw();
  const config = baseConfig({ endpoint: rgw.endpoint, bucket: await rgw.freshBucket(), root: '/', sources });
  const upstairs = await startUpstairs({ config });
  onTestFinished(() => upstairs.dispose());
  return upstairs;
}

async function healthy(files: Record<string, string> = { 'healthy.jpg': 'healthy' }): Promise<string> {
  const root = scratch('root');
  await basement(root, files);
  return root;
}

async function mounted({ onTestFinished }: Lasting, files: Record<string, string>, rules: DiskRules) {
  const behind = scratch('behind');
  await basement(behind, files);
  const disk = await mountFaultyDisk(behind, { rules });
  onTestFinished(() => disk.unmount());
  return disk;
}

const seen = async (upstairs: Upstairs, path: string) => {
  const { status, headers } = await upstairs.get(path);
  return [status, tierOf(headers)];
};

/** It has ended, but for a thread that the disk holds: the system takes that away when the disk answers, and not before. */
function isZombie(pid: number): boolean {
  return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

const hangs = [{ op: '*', hang: true }];
/** It is looked for every five seconds. */
const soon = { withinMs: 12_000 };

describe.skipIf(needs('ceph').skip)('a disk that is not required', concurrently, () => {
  test('and is not mounted makes nothing absent, is named, and is used once it appears', async (lasting) => {
    const late = join(scratch(), 'late');
    await mkdir(late);
    const upstairs = await withDisks(lasting, {
      good: { root: await healthy() },
      late: { root: late, required: false },
    });
    expect(await seen(upstairs, '/healthy.jpg')).toEqual([200, 'good']);
    expect((await seen(upstairs, '/late.jpg'))[0]).toBe(503);
    const ready = await upstairs.admin('/readyz');
    expect([ready.status, ready.text]).toEqual([503, expect.stringContaining('the disk late is not there')]);

    await basement(`${late}-disk`, { 'late.jpg': 'late' });
    await rename(`${late}-disk`, late);
    await eventually(async () => expect(await seen(upstairs, '/late.jpg')).toEqual([200, 'late']), soon);
    expect((await seen(upstairs, '/none.jpg'))[0]).toBe(404);
    expect((await upstairs.admin('/readyz')).status).toBe(200);
    const told = upstairs.logs.filter(({ event }) => event === 'disk');
    expect(told).toMatchObject([
      { source: 'late', absences: [expect.stringContaining('is empty')] },
      { source: 'late' },
    ]);
  });
});

describe.skipIf(needs('ceph', 'fuse').skip)('a disk that hangs at the start', concurrently, () => {
  test('and is not required is done without, and used once it answers', async (lasting) => {
    const dead = await mounted(lasting, { 'dead.jpg': 'dead' }, hangs);
    const upstairs = await withDisks(lasting, {
      good: { root: await healthy() },
      dead: { root: dead.mountPoint, required: false, deadline: '500ms' },
    });
    expect(await seen(upstairs, '/healthy.jpg')).toEqual([200, 'good']);
    expect((await seen(upstairs, '/dead.jpg'))[0]).toBe(503);
    expect((await upstairs.admin('/readyz')).text).toContain('does not answer within 500 ms');

    await dead.setRules([]);
    await eventually(async () => expect(await seen(upstairs, '/dead.jpg')).toEqual([200, 'dead']), soon);
    expect((await seen(upstairs, '/none.jpg'))[0]).toBe(404);
  });

  test('and goes on hanging does not keep the program from ending', async (lasting) => {
    const dead = await mounted(lasting, { 'dead.jpg': 'dead' }, hangs);
    const upstairs = await withDisks(lasting, {
      good: { root: await healthy() },
      dead: { root: dead.mountPoint, required: false, deadline: '500ms' },
    });
    process.kill(upstairs.pid, 'SIGTERM');
    await eventually(() => upstairs.logs.some(({ event }) => event === 'stopped') && isZombie(upstairs.pid));
    await dead.unmount();
    await upstairs.exited;
  });

  test('and is required ends the start with the reason, within some ten seconds', async (lasting) => {
    const dead = await mounted(lasting, { 'dead.jpg': 'dead' }, hangs);
    const sources = [
      { type: 'disk', name: 'good', root: await healthy() },
      { type: 'disk', name: 'dead', root: dead.mountPoint },
    ];
    const file = join(scratch('config'), 'upstairs.yaml');
    const config = baseConfig({ endpoint: 'http://127.0.0.1:9', bucket: 'media', root: '/', sources });
    writeFileSync(file, stringify(config));
    const began = performance.now();
    const child = spawn(process.execPath, [program, 'serve', '-c', file], {
      env: programEnv,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    lasting.onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const closed = once(child, 'close');
    await eventually(() => isZombie(child.pid ?? 0), { withinMs: 15_000 });
    expect(performance.now() - began).toBeGreaterThan(9000);
    await dead.unmount();
    await closed;
    expect(said).toMatch(
      /^upstairs: .*\nsources\.1\.root: does not answer within 10 s: is the disk dead\?\n {2}expected: .*\n {2}to do: .*\n$/,
    );
  });
});

describe.skipIf(needs('ceph').skip)('a symlink on a disk to another one', concurrently, () => {
  test('is followed where alsoAllow names it, and its files are copied', async (lasting) => {
    const elsewhere = await healthy({ 'preview_cards/b.jpg': 'of the link' });
    const root = await healthy({ 'a.jpg': 'of the root' });
    await symlink(elsewhere, join(root, 'cache'));
    await symlink(elsewhere, join(root, 'other'));
    const alsoAllow = [{ link: 'cache', to: elsewhere }];
    const upstairs = await withDisks(lasting, { basement: { root, alsoAllow } });
    expect(await seen(upstairs, '/cache/preview_cards/b.jpg')).toEqual([200, 'basement']);
    expect((await seen(upstairs, '/other/preview_cards/b.jpg'))[0]).toBe(404);
    await eventually(async () => expect(await upstairs.metric('upstairs_copies_total', { outcome: 'copied' })).toBe(1));

    await rename(elsewhere, `${elsewhere}-away`);
    await mkdir(elsewhere);
    expect((await seen(upstairs, '/cache/none.jpg'))[0]).toBe(503);
    expect((await seen(upstairs, '/none.jpg'))[0]).toBe(404);
  });

  test('is refused at the start where it is not as alsoAllow says', async (lasting) => {
    const root = await healthy();
    const elsewhere = await healthy();
    await mkdir(join(root, 'cache'));
    const alsoAllow = [
      { link: 'cache', to: elsewhere },
      { link: 'again', to: elsewhere },
    ];
    await symlink('/etc', join(root, 'again'));
    const start = withDisks(lasting, { basement: { root, alsoAllow } });
    await expect(start).rejects.toThrow(
      [
        'sources.0.alsoAllow.0.link: is no symlink: its files are found without it',
        'sources.0.alsoAllow.1.link: leads elsewhere than its "to" says: write there what readlink says',
        'sources.0.alsoAllow.1.to: is the same directory as sources.0.alsoAllow.0.to, or one lies inside the other: a file must have one key',
      ].join('\n'),
    );
  });
});

test.skipIf(needs('ceph').skip)(
  'a disk that is taken out of the configuration is not forgotten: with it, deletes would be',
  async () => {
    const rgw = sharedRgw();
    const place = { endpoint: rgw.endpoint, bucket: await rgw.freshBucket(), root: '/', stateDir: scratch('state') };
    const toldOf = async (...names: string[]) => {
      const sources = await Promise.all(names.map(async (name) => ({ type: 'disk', name, root: await healthy() })));
      await using upstairs = await startUpstairs({ config: baseConfig({ ...place, sources }) });
      return upstairs.logs.filter(({ event }) => event === 'marks').flatMap(({ sources }) => sources);
    };
    expect(await toldOf('good', 'dying')).toEqual([]);
    expect(await toldOf('good')).toEqual(['dying']);
    expect(await toldOf('dying', 'good')).toEqual([]);
  },
);
