import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { baseConfig, merge, type PlainConfig } from '../test/support/base-config.ts';
import { freePort } from '../test/support/free-port.ts';
import { scratch } from '../test/support/scratch.ts';
import { type Server, startServer } from './server.ts';
import type { Stage } from './stage.ts';

/** As it is installed: compiled. */
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const home = fileURLToPath(new URL('..', import.meta.url));

/** Compiles the program as it is now. */
export async function buildUpstairs(): Promise<void> {
  await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: home });
}

export interface Place {
  readonly bucket: string;
  readonly root: string;
  readonly stateDir: string;
}

/** Scans the disk with the real command, as an operator would; the time and the CPU that this took. */
export async function scanWithUpstairs(stage: Stage, place: Place, config: PlainConfig) {
  const file = join(scratch('upstairs'), 'upstairs.yaml');
  writeFileSync(file, stringify(configOf(stage, place, config)));
  const timed = 'time taskset -c "$1" "$2" "$3" scan --rate 1000000 -c "$4"';
  const env = { ...process.env, TIMEFORMAT: 'took %R %U %S' };
  const args = ['-c', timed, 'bash', stage.cores.server, execPath, program, file];
  const { stderr } = await promisify(execFile)('bash', args, { env });
  const [, seconds, user, system] = /took (\S+) (\S+) (\S+)/.exec(stderr)?.map(Number) ?? [];
  return { seconds: seconds!, cpuSeconds: user! + system! };
}

function configOf(
  stage: Stage,
  { bucket, root, stateDir }: Place,
  config: PlainConfig,
  listeners: PlainConfig = {},
): PlainConfig {
  return merge(baseConfig({ endpoint: stage.store.endpoint, bucket, root, stateDir, ...listeners }), config);
}

export interface UpstairsServer extends Server {
  /** http://127.0.0.1:PORT of the admin listener. */
  readonly adminUrl: string;
}

/** Starts `upstairs serve` as an operator would, access log and all. `config` is merged over the rest. */
export async function startUpstairs(stage: Stage, place: Place, config: PlainConfig): Promise<UpstairsServer> {
  const dir = scratch('upstairs');
  const file = join(dir, 'upstairs.yaml');
  const [read, admin] = [await freePort(), await freePort()];
  const listeners = { read: { listen: `127.0.0.1:${read}` }, admin: { listen: `127.0.0.1:${admin}` } };
  writeFileSync(file, stringify(configOf(stage, place, config, listeners)));
  const profiling = stage.profiles ? ['--cpu-prof', `--cpu-prof-dir=${stage.profiles}`] : [];
  const adminUrl = `http://127.0.0.1:${admin}`;
  const server = await startServer({
    command: [execPath, ...profiling, program, 'serve', '-c', file],
    core: stage.cores.server,
    logFile: join(dir, 'log'),
    url: `http://127.0.0.1:${read}`,
    readyUrl: `${adminUrl}/readyz`,
  });
  return { ...server, adminUrl };
}
