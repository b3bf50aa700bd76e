import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { PlainConfig } from './base-config.ts';
import { programEnv } from './program-env.ts';
import { scratch } from './scratch.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** What `upstairs scan --json` says of a source. */
export interface ScanSaid {
  readonly source: string;
  readonly whole: boolean;
  readonly why?: string;
  readonly files: number;
  readonly bytes: number;
  readonly added: number;
  readonly changed: number;
  readonly vanished: number;
  readonly findings: number;
  readonly entries: number;
  readonly ms: number;
  readonly findingsByKind: readonly {
    readonly kind: string;
    readonly count: number;
    readonly examples: readonly { readonly path: string; readonly detail?: string }[];
  }[];
}

export interface ScanRun {
  /** Null: a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** With `--json`: what it said of its sources. */
  readonly said: readonly ScanSaid[];
}

/** The process in which an `upstairs scan` touches the disks; undefined: there is none (yet). */
export function scannerOf({ pid }: ChildProcess): number | undefined {
  const file = `/proc/${pid}/task/${pid}/children`;
  const [scanner] = existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ') : [];
  return scanner ? Number(scanner) : undefined;
}

/** Runs `upstairs scan` to its end, whatever it ends with. `started` is called with the process. */
export async function runScan(
  config: PlainConfig,
  args: readonly string[] = [],
  { input, started }: { input?: Readable; started?: (child: ChildProcess) => unknown } = {},
): Promise<ScanRun> {
  const file = join(scratch('config'), 'upstairs.yaml');
  writeFileSync(file, stringify(config));
  const child = spawn(execPath, [program, 'scan', '-c', file, ...args], {
    env: programEnv,
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 600_000,
    killSignal: 'SIGKILL',
  });
  // It may end before it has read everything.
  child.stdin.on('error', () => undefined);
  if (input) input.pipe(child.stdin);
  else child.stdin.end();
  started?.(child);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const said = stdout.startsWith('{') ? (JSON.parse(stdout) as { sources: ScanSaid[] }).sources : [];
  return { code: code as number | null, stdout, stderr, said };
}
