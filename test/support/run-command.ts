import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { PlainConfig } from './base-config.ts';
import { programEnv } from './program-env.ts';
import { scratch } from './scratch.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface CommandRun {
  /** Null: a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the program to its end, whatever it ends with. */
export async function runCommand(args: readonly string[], config: PlainConfig): Promise<CommandRun> {
  const file = join(scratch('config'), 'upstairs.yaml');
  writeFileSync(file, stringify(config));
  const child = spawn(execPath, [program, ...args, '-c', file], {
    env: programEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 600_000,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number | null, stdout, stderr };
}
