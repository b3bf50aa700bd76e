import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import type { PlainConfig } from './base-config.ts';
import { programEnv } from './program-env.ts';
import { scratch } from './scratch.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const run = promisify(execFile);

/** Runs a command of the program to its end and returns what it printed. Throws where it fails. */
export async function runUpstairs(args: readonly string[], config: PlainConfig): Promise<string> {
  const file = join(scratch('config'), 'upstairs.yaml');
  writeFileSync(file, stringify(config));
  const { stdout } = await run(execPath, [program, ...args, '-c', file], { env: programEnv, timeout: 20_000 });
  return stdout;
}
