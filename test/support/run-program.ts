import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { execPath } from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { programEnv } from './program-env.ts';
import type { CommandRun } from './run-command.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads on standard input. */
  readonly input?: string;
  /** Its user. Default: ours. */
  readonly uid?: number;
  /** A file in place of the pipe: what is written there is not told. */
  readonly stdoutTo?: number;
}

/** Runs the program with exactly these words to its end, whatever it ends with. */
export async function runProgram(
  words: readonly string[],
  { env = {}, input = '', uid, stdoutTo }: RunOptions = {},
): Promise<CommandRun> {
  const child = spawn(execPath, [program, ...words], {
    env: { ...programEnv, ...env },
    stdio: ['pipe', stdoutTo ?? 'pipe', 'pipe'],
    timeout: 120_000,
    killSignal: 'SIGKILL',
    ...(uid !== undefined && { uid }),
  });
  child.stdin!.on('error', () => undefined).end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    text(child.stderr!),
    once(child, 'close'),
  ]);
  return { code: code as number | null, stdout, stderr };
}
