import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { PlainConfig } from './base-config.ts';
import { programEnv } from './program-env.ts';
import { scratch } from './scratch.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** What `--json` says of a key that is not simply equal. */
export interface SaidKey {
  readonly key: string;
  readonly source?: string;
  readonly sign: string;
  readonly reason?: string;
  readonly detail?: string;
  readonly excepted?: string;
}

export interface VerifyRun {
  /** Null: a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** `= path` and so on, sorted. */
  readonly lines: readonly string[];
  readonly report: string;
}

/** Runs `upstairs verify` to its end, whatever it ends with. `started` is called with the process. */
export async function runVerify(
  config: PlainConfig,
  args: readonly string[] = [],
  started?: (child: ChildProcess) => unknown,
): Promise<VerifyRun> {
  const dir = scratch('verify');
  const [file, combined, report] = ['upstairs.yaml', 'combined', 'report.md'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(file, stringify(config));
  const child = spawn(
    execPath,
    [program, 'verify', '-c', file, '--combined', combined, '--report', report, '--rate', '1000', ...args],
    { env: programEnv, stdio: ['ignore', 'pipe', 'pipe'], timeout: 600_000, killSignal: 'SIGKILL' },
  );
  started?.(child);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const lines = read(combined).split('\n').filter(Boolean).sort();
  return { code: code as number | null, stdout, stderr, lines, report: read(report) };
}

/** The exceptions that `--json` names: `sign key reason`, sorted. */
export function exceptionsIn({ stdout }: VerifyRun): string[] {
  return notedIn(stdout)
    .filter(({ sign, excepted }) => excepted === undefined && sign !== '-')
    .map(({ sign, key, reason }) => `${sign} ${key} ${reason}`)
    .sort();
}

/** What is excepted: `sign key why`, sorted. */
export function exceptedIn({ stdout }: VerifyRun): string[] {
  return notedIn(stdout)
    .filter(({ excepted }) => excepted !== undefined)
    .map(({ sign, key, excepted }) => `${sign} ${key} ${excepted}`)
    .sort();
}

function notedIn(stdout: string): readonly SaidKey[] {
  return (JSON.parse(stdout) as { noted: SaidKey[] }).noted;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
