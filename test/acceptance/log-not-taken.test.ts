import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { eventually } from '../support/eventually.ts';
import { mountFaultyDisk } from '../support/faulty-disk.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/left-out.ts';
import { basement } from '../support/media-files.ts';
import { programEnv } from '../support/program-env.ts';
import { sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig } from '../support/upstairs.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** So long that a line of the log is one kilobyte. */
const key = `${Array(4).fill('d'.repeat(200)).join('/')}/a.jpg`;

/** The program with its standard output going there, and how to read from it. */
async function logging(stdout: 'pipe' | number) {
  const rgw = sharedRgw();
  const root = scratch('root');
  await basement(root, { [key]: 'a picture' });
  const port = await freePort();
  const config = baseConfig({
    endpoint: rgw.endpoint,
    bucket: await rgw.freshBucket(),
    root,
    read: { listen: `127.0.0.1:${port}` },
  });
  const file = join(scratch('config'), 'upstairs.yaml');
  writeFileSync(file, stringify(config));
  const child = spawn(process.execPath, [program, 'serve', '-c', file], {
    env: programEnv,
    stdio: ['ignore', stdout, 'inherit'],
  });
  const agent = new Agent();
  const asked = async () => {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}/${key}`, {
      dispatcher: agent,
      headers: { host: 'files.test' },
    });
    await body.dump();
    return statusCode;
  };
  const get = () => Promise.race([asked(), sleep(3000, 'no answer')]);
  const exited = once(child, 'exit');
  await eventually(async () => (await get()) === 200, { withinMs: 20_000, everyMs: 100 });
  return {
    child,
    get,
    exited,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      child.stdout?.destroy();
      await exited;
      void agent.destroy();
    },
  };
}

describe.skipIf(needs('ceph').skip)('a log', () => {
  test('that nobody takes any more keeps no reader waiting, and not the end', { timeout: 60_000 }, async () => {
    await using upstairs = await logging('pipe');
    // More than the pipe and what is read ahead of it can take.
    for (let i = 0; i < 3000; i++) expect(await upstairs.get()).toBe(200);
    upstairs.child.kill('SIGTERM');
    expect(await Promise.race([upstairs.exited, sleep(10_000, 'still there')])).not.toBe('still there');
  });

  test.skipIf(needs('fuse').skip)('for which its disk has no room ends nothing, and goes on when it has', async () => {
    await using disk = await mountFaultyDisk(scratch('log'), { writable: true });
    const path = join(disk.mountPoint, 'upstairs.log');
    const log = openSync(path, 'a');
    await using upstairs = await logging(log);
    closeSync(log);
    await disk.setRules([{ op: 'write', errno: 'ENOSPC' }]);
    for (let i = 0; i < 50; i++) expect(await upstairs.get()).toBe(200);
    await disk.setRules([]);
    expect(await upstairs.get()).toBe(200);
    upstairs.child.kill('SIGTERM');
    expect(await upstairs.exited).toEqual([0, null]);
    expect(existsSync(path) && readFileSync(path, 'utf8')).toContain('"event":"stopped"');
  });
});
