import { type ChildProcess, fork } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { OperatorError, type Told } from '../lib/operator-error.ts';
import type { ScanProgress } from './scan.ts';
import type { ScanResult } from './scan-result.ts';

/** What the process that scans is told. */
export interface ScanJob {
  /** The configuration's file. */
  readonly config: string;
  /** Names of the sources, one after the other. */
  readonly sources: readonly string[];
  /** A file, or - for standard input. */
  readonly manifest: string | undefined;
  /** Names in a second; undefined: as configured. */
  readonly rate: number | undefined;
  readonly fresh: boolean;
}

/** What it tells the one that asked: how far it is, then how each source came out; at last that it is over, and why if that is not all. */
export type ScanTold =
  | { readonly progress: ScanProgress }
  | { readonly result: ScanResult }
  | { readonly over: true; readonly error?: ScanFailure };

/** An error of that process, as it crosses over. `stack`: of one that is the program's own. */
export interface ScanFailure extends Told {
  readonly code: string;
  readonly stack?: string | undefined;
}

export interface ScanProcessOptions {
  readonly program: URL;
  readonly job: ScanJob;
  /** Of libuv's pool there. */
  readonly threads: number;
  readonly env: NodeJS.ProcessEnv;
  /** Readers come first. */
  readonly lowPriority: boolean;
  /** Once aborted, the scan writes down where it stands, and ends. */
  readonly signal: AbortSignal;
  readonly told: (told: ScanTold) => void;
  /** Told when the process is there, and when it is gone, which may be long after the scan was over. */
  readonly there?: (is: boolean) => void;
}

/** How long that may take, in milliseconds: a batch, and a look whether the disk is still there. */
const endingMs = 10_000;

/**
 * Scans in a process of its own, so that neither a batch of its table is ever in a reader's way nor a disk that hangs: what has an operation
 * on that cannot end before the disk answers, not even when it is killed. So it holds nothing of ours but standard input, if that is the
 * manifest. It ends with us. Rejects with what it failed with, as an error with that code, or SCAN_BROKEN.
 */
export async function scanApart(options: ScanProcessOptions): Promise<void> {
  const { program, job, threads, env, lowPriority, signal, told, there } = options;
  const child = fork(program, {
    stdio: [job.manifest === '-' ? 'inherit' : 'ignore', 'ignore', 'pipe', 'ipc'],
    // libuv reads it once: hung operations would take its four threads.
    env: { ...env, UV_THREADPOOL_SIZE: String(threads) },
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.stderr?.on('data', (text: Buffer) => process.stderr.write(text));
  child.on('message', (message: ScanTold) => {
    told(message);
    if (!('over' in message)) return;
    if (message.error) reject(failureOf(message.error));
    else resolve();
  });
  child.once('error', reject);
  child.once('exit', (code, by) => {
    reject(broken(`it ended with ${code ?? by}`));
    there?.(false);
  });
  child.once('spawn', () => {
    there?.(true);
    if (lowPriority) lowered(child.pid);
  });
  const stop = () => {
    child.kill('SIGTERM');
    setTimeout(() => reject(broken('it was ended, and did not write down where it stood')), endingMs).unref();
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  try {
    child.send(job);
    await promise;
  } finally {
    signal.removeEventListener('abort', stop);
    leave(child);
  }
}

class ScanProcessError extends OperatorError {}

function failureOf({ code, stack, ...told }: ScanFailure): ScanProcessError {
  const error = new ScanProcessError(code, told);
  if (stack !== undefined) error.stack = stack;
  return error;
}

function broken(why: string): ScanProcessError {
  return new ScanProcessError('SCAN_BROKEN', {
    found: `the scan broke off: ${why}`,
    expected: 'a scan that comes to its end',
    todo: 'run it again, and it goes on',
  });
}

function lowered(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch (error) {
    // It has ended already.
    if ((error as { info?: { code?: string } }).info?.code !== 'ESRCH') throw error;
  }
}

/** It may never end: a disk may hold it. */
function leave(child: ChildProcess): void {
  child.kill('SIGKILL');
  if (child.connected) child.disconnect();
  child.stderr?.destroy();
  child.unref();
}
