import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterDeath } from './after-death.ts';
import { freePort } from './free-port.ts';

const script = fileURLToPath(new URL('ceph-rgw.sh', import.meta.url));
const run = promisify(execFile);

/** Where a running gateway is and how to speak to it. Plain data: it crosses process borders. */
export interface RgwAddress {
  endpoint: string;
  accessKey: string;
  secretKey: string;
  region: string;
  /** The directory that holds all of it. */
  dir: string;
  /** Has a line for each request answered. */
  logFile: string;
}

/** The daemons of one Ceph RADOS Gateway of our own. */
export interface RgwDaemons extends RgwAddress {
  /** Stops the gateway; the objects stay. */
  down(): Promise<void>;
  /** Starts it again on the same port. */
  up(): Promise<void>;
  /** Freezes it: connections are taken and never answered. */
  hang(): Promise<void>;
  unhang(): Promise<void>;
  /** Ends all daemons and removes their directory. */
  stop(): Promise<void>;
}

/** Starts one in 1-2 s. It goes away with this process if nobody stops it. */
export async function startRgwDaemons(): Promise<RgwDaemons> {
  const dir = await mkdtemp(join(tmpdir(), 'upstairs-rgw-'));
  const spare = afterDeath('"$1" stop "$2"; rm -rf "$2"', script, dir);
  const endpoint = `http://127.0.0.1:${await startOnFreePort(dir)}`;
  const control = async (command: string) => void (await run(script, [command, dir]));
  const signal = async (name: NodeJS.Signals) => {
    process.kill(Number(await readFile(join(dir, 'rgw.pid'), 'utf8')), name);
  };
  return {
    endpoint,
    accessKey: 'test',
    secretKey: 'testtest',
    region: 'us-east-1',
    dir,
    logFile: join(dir, 'log', 'client.rgw.log'),
    down: () => control('down'),
    up: () => control('up'),
    hang: () => signal('SIGSTOP'),
    unhang: () => signal('SIGCONT'),
    async stop() {
      await signal('SIGCONT').catch(() => {});
      await control('stop');
      await rm(dir, { recursive: true, force: true });
      spare();
    },
  };
}

/** Another program may take the port before the gateway does: then try the next. */
async function startOnFreePort(dir: string): Promise<number> {
  const env = { ...process.env, RGW_ACCESS_KEY: 'test', RGW_SECRET_KEY: 'testtest' };
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      await run(script, ['start', dir, String(port)], { env });
      return port;
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}
