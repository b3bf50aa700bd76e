import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { baseConfig, merge, type PlainConfig } from '../test/support/base-config.ts';
import { freePort } from '../test/support/free-port.ts';
import { scratch } from '../test/support/scratch.ts';
import { type Server, startServer } from './server.ts';
import type { Stage } from './stage.ts';

const program = fileURLToPath(new URL('../src/main.ts', import.meta.url));

export interface Place {
  readonly bucket: string;
  readonly root: string;
  readonly stateDir: string;
}

/** Starts `upstairs serve` as an operator would, access log and all. `config` is merged over the rest. */
export async function startUpstairs(stage: Stage, place: Place, config: PlainConfig): Promise<Server> {
  const dir = scratch('upstairs');
  const file = join(dir, 'upstairs.yaml');
  const [read, admin] = [await freePort(), await freePort()];
  const listeners = { read: { listen: `127.0.0.1:${read}` }, admin: { listen: `127.0.0.1:${admin}` } };
  const { bucket, root, stateDir } = place;
  const base = baseConfig({ endpoint: stage.store.endpoint, bucket, root, stateDir, ...listeners });
  writeFileSync(file, stringify(merge(base, config)));
  const profiling = stage.profiles ? ['--cpu-prof', `--cpu-prof-dir=${stage.profiles}`] : [];
  return await startServer({
    command: [execPath, ...profiling, program, 'serve', '-c', file],
    core: stage.cores.server,
    logFile: join(dir, 'log'),
    url: `http://127.0.0.1:${read}`,
    readyUrl: `http://127.0.0.1:${admin}/readyz`,
  });
}
