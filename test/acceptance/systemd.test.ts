import { execFile, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startFauxqs } from 'fauxqs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { afterDeath } from '../support/after-death.ts';
import { merge } from '../support/base-config.ts';
import { eventually } from '../support/eventually.ts';
import { mountFaultyDisk } from '../support/faulty-disk.ts';
import { needs } from '../support/left-out.ts';
import { basement } from '../support/media-files.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs } from '../support/upstairs.ts';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));
const unit = readFileSync(join(repository, 'config/systemd/upstairs.service'), 'utf8');

/** A socket as systemd has it, and what came to it. */
async function notifySocket(path = join(scratch('notify'), 'socket')) {
  const program = fileURLToPath(new URL('../support/notify-socket.py', import.meta.url));
  const child = spawn('/usr/bin/python3', [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const spare = afterDeath('kill -KILL "$1"', String(child.pid));
  onTestFinished(() => {
    child.kill('SIGKILL');
    spare();
  });
  const states: string[] = [];
  let listening = false;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const told = JSON.parse(line) as { listening?: true; states?: string[] };
    listening ||= told.listening === true;
    states.push(...(told.states ?? []));
  });
  await eventually(() => listening);
  return { path, states, count: (state: string) => states.filter((other) => other === state).length };
}

interface Parts {
  readonly root?: string;
  /** Default: nobody answers. */
  readonly endpoint?: string;
}

async function mediaRoot(): Promise<string> {
  const root = scratch('root');
  await basement(root, { 'a.jpg': 'a picture' });
  return root;
}

async function started(env: Record<string, string>, { root, endpoint = 'http://127.0.0.1:1' }: Parts = {}) {
  const basics = baseConfig({ endpoint, bucket: 'media', root: root ?? (await mediaRoot()) });
  const config = merge(basics, { bucket: { acls: false } });
  const upstairs = await startUpstairs({ config, env });
  onTestFinished(() => upstairs.dispose());
  return upstairs;
}

describe.skipIf(needs('systemd').skip)('systemd', () => {
  test('finds nothing wrong with the unit, and no setting that it does not know', async () => {
    const dir = scratch('units');
    const file = join(dir, 'upstairs.service');
    // It looks for the program and for the manual.
    writeFileSync(file, unit.replaceAll('/opt/upstairs/', repository));
    const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', file]);
    expect(stdout + stderr).toBe('');
  });

  test('gives the program longer to stop than it takes', () => {
    const seconds = (name: string) => Number(new RegExp(`^${name}=(\\d+)$`, 'm').exec(unit)?.[1]);
    const { shutdown } = parse(readFileSync(join(repository, 'config/upstairs.example.yaml'), 'utf8')) as {
      shutdown: Record<string, string>;
    };
    const most = Object.values(shutdown).reduce((sum, duration) => sum + Number.parseInt(duration, 10), 0);
    expect(seconds('TimeoutStopSec')).toBeGreaterThan(most + 10);
    expect(seconds('WatchdogSec')).toBeGreaterThan(10);
  });

  test('is told when the program is ready, that it lives, and when it stops', async () => {
    const socket = await notifySocket();
    const upstairs = await started({ NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '1000000' });
    await eventually(() => expect(socket.count('READY=1')).toBe(1));
    await eventually(() => expect(socket.count('WATCHDOG=1')).toBeGreaterThanOrEqual(3), { withinMs: 10_000 });
    expect(socket.count('STOPPING=1')).toBe(0);
    expect(await upstairs.kill()).toEqual({ code: 0, signal: null });
    await eventually(() => expect(socket.count('STOPPING=1')).toBe(1));
    expect(socket.states.indexOf('READY=1')).toBeLessThan(socket.states.indexOf('WATCHDOG=1'));
    expect(upstairs.logs.filter(({ event }) => event === 'systemd')).toEqual([]);
    expect(upstairs.output()).toBe('');
  });

  test('is told through an abstract socket too', async () => {
    const socket = await notifySocket(`@upstairs-test-${process.pid}-${Date.now()}`);
    const upstairs = await started({ NOTIFY_SOCKET: socket.path });
    await eventually(() => expect(socket.count('READY=1')).toBe(1));
    expect(upstairs.logs.filter(({ event }) => event === 'systemd')).toEqual([]);
  });

  test('lets the user have a port below 1024 with the one line that is there for it', () => {
    expect(unit).toMatch(/^#AmbientCapabilities=CAP_NET_BIND_SERVICE$/m);
    expect(unit.match(/^CapabilityBoundingSet=.*$/gm)).toEqual(['CapabilityBoundingSet=CAP_NET_BIND_SERVICE']);
  });

  test('hears nothing of a program that does not turn, and hears again of one that goes on', async () => {
    const socket = await notifySocket();
    const upstairs = await started({ NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '600000' });
    await eventually(() => expect(socket.count('WATCHDOG=1')).toBeGreaterThanOrEqual(2), { withinMs: 10_000 });
    process.kill(upstairs.pid, 'SIGSTOP');
    // What was on its way arrives.
    await sleep(500);
    const before = socket.count('WATCHDOG=1');
    await sleep(1500);
    expect(socket.count('WATCHDOG=1')).toBe(before);
    process.kill(upstairs.pid, 'SIGCONT');
    await eventually(() => expect(socket.count('WATCHDOG=1')).toBeGreaterThan(before), { withinMs: 10_000 });
  });

  test.skipIf(needs('fuse').skip)('goes on hearing of a program whose disk hangs', async () => {
    const socket = await notifySocket();
    const store = await startFauxqs({ port: 0, logger: false });
    onTestFinished(() => store.stop().then(() => {}));
    store.createBucket('media');
    const disk = await mountFaultyDisk(await mediaRoot(), { directIo: true });
    onTestFinished(() => disk.unmount());
    const env = { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '600000' };
    const upstairs = await started(env, { root: disk.mountPoint, endpoint: store.address });
    await disk.setRules([{ match: '*', hang: true }]);
    const readers = Array.from({ length: 40 }, (_, i) => upstairs.get(`/${i}.jpg`).catch(() => undefined));
    await eventually(async () => expect((await disk.stats()).in_flight.length).toBeGreaterThan(0), {
      withinMs: 10_000,
    });
    const before = socket.count('WATCHDOG=1');
    await eventually(() => expect(socket.count('WATCHDOG=1')).toBeGreaterThan(before + 2), { withinMs: 10_000 });
    await disk.setRules([]);
    await Promise.all(readers);
  });

  test('that cannot be told is no reason to stop', async () => {
    const upstairs = await started({ NOTIFY_SOCKET: join(scratch('nobody'), 'socket') });
    await eventually(() => expect(upstairs.logs.some(({ event }) => event === 'systemd')).toBe(true), {
      withinMs: 10_000,
    });
    expect((await upstairs.admin('/livez')).status).toBe(200);
    expect(await upstairs.kill()).toEqual({ code: 0, signal: null });
  });

  test('is not looked for by a program that it did not start, nor by one whose watchdog is for another', async () => {
    const socket = await notifySocket();
    const upstairs = await started({ NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '300000', WATCHDOG_PID: '1' });
    await eventually(() => expect(socket.count('READY=1')).toBe(1));
    await sleep(700);
    expect(socket.count('WATCHDOG=1')).toBe(0);
    await upstairs.kill();
    expect((await started({})).logs.filter(({ event }) => event === 'systemd')).toEqual([]);
  });
});
