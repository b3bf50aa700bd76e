import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { ScanEnd } from './periodic-scans.ts';

/** How long a scan that is broken off may take to write down where it stands, in milliseconds. */
const endingMs = 5000;
/** Characters that are kept of what it complains about. */
const mostComplaint = 4000;

export interface ScanProcessOptions {
  /** The program with what it needs before `scan`: its arguments of Node, its file. */
  readonly program: readonly string[];
  /** Of the configuration. */
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Runs `upstairs scan` as a process of its own, so that neither a disk that hangs nor a batch of its table is ever in a reader's way; with
 * a low priority. Never rejects. Once aborted it is ended, and not waited for long: a disk may hold it.
 */
export async function scanProcess(
  { program, file, env }: ScanProcessOptions,
  source: string,
  signal: AbortSignal,
): Promise<ScanEnd> {
  const args = [...program, 'scan', '-c', file, '--source', source, '--json'];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const { promise, resolve } = Promise.withResolvers<ScanEnd>();
  const stop = () => {
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), endingMs).unref();
    setTimeout(() => resolve({ whole: false, why: 'it did not end when it was told to' }), endingMs * 2).unref();
  };
  let told = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
    const end = endOf(told);
    // A disk may hold the process long after it has told everything.
    if (end) resolve(end);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(-mostComplaint);
  });
  child.once('error', ({ message }) => resolve({ whole: false, why: message }));
  child.once('close', (code, killed) =>
    resolve({ whole: false, why: lastLine(complaint) ?? `it ended with ${code ?? killed}` }),
  );
  child.once('spawn', () => lowered(child.pid));
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  const end = await promise;
  signal.removeEventListener('abort', stop);
  child.unref();
  return end;
}

/** Readers come first. It may have ended already. */
function lowered(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch (error) {
    if ((error as { info?: { code?: string } }).info?.code !== 'ESRCH') throw error;
  }
}

/** What it printed; undefined: nothing whole yet. */
function endOf(told: string): ScanEnd | undefined {
  if (!told.endsWith('}\n')) return undefined;
  try {
    return (JSON.parse(told) as { sources: ScanEnd[] }).sources[0];
  } catch {
    return undefined;
  }
}

function lastLine(text: string): string | undefined {
  return text.trim().split('\n').at(-1) || undefined;
}
