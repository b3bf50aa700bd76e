import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { PlainConfig } from './base-config.ts';
import { programEnv } from './program-env.ts';
import { scratch } from './scratch.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface CheckFinding {
  readonly level: 'ok' | 'warning' | 'error';
  readonly check: string;
  readonly found: string;
  readonly expected: string;
  readonly todo: string;
}

export interface Checked {
  /** Null: a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CheckRun {
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** The user that runs it; default: who runs the tests. */
  readonly uid?: number;
  /** Called with the process, which has a group of its own, as on a terminal. */
  readonly started?: (child: ChildProcess) => unknown;
  /** Of the configuration's file. Default: for its user alone. */
  readonly mode?: number;
}

/** Runs `upstairs check` to its end, whatever it ends with. */
export async function runCheck(
  config: PlainConfig,
  { args = [], env = {}, uid, started, mode = 0o600 }: CheckRun = {},
): Promise<Checked> {
  const dir = scratch('config');
  const file = join(dir, 'upstairs.yaml');
  writeFileSync(file, stringify(config));
  chmodSync(file, mode);
  if (uid !== undefined) {
    chmodSync(dir, 0o755);
    chmodSync(dirname(dir), 0o711);
    chownSync(file, uid, uid);
  }
  const child = spawn(execPath, [program, 'check', '-c', file, ...args], {
    env: { ...programEnv, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 50_000,
    killSignal: 'SIGKILL',
    detached: started !== undefined,
    ...(uid !== undefined && { uid, gid: uid }),
  });
  started?.(child);
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { code: code as number | null, signal: signal as NodeJS.Signals | null, stdout, stderr };
}

/** The same with `--json`: what it found. */
export async function findings(config: PlainConfig, { args = [], ...run }: CheckRun = {}) {
  const checked = await runCheck(config, { ...run, args: ['--json', ...args] });
  if (!checked.stdout.startsWith('{')) throw new Error(`upstairs check said ${checked.stdout}${checked.stderr}`);
  const all = (JSON.parse(checked.stdout) as { findings: CheckFinding[] }).findings;
  return { ...checked, all, wrong: all.filter(({ level }) => level !== 'ok') };
}
