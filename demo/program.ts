import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { env, execPath } from 'node:process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { within } from '../src/lib/within.ts';
import { Metrics } from './metrics.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const config = fileURLToPath(new URL('../config/demo.yaml', import.meta.url));

/** How long the program may take to become ready, and to end after SIGTERM, in milliseconds. */
const startMs = 20_000;
const stopMs = 15_000;

/** The real program, in a process of its own. */
export interface Program {
  /** http://127.0.0.1:PORT of its two listeners. */
  readonly readUrl: string;
  readonly adminUrl: string;
  /** Aborted when the process has ended, whyever; the reason is an error with the last lines it printed. */
  readonly ended: AbortSignal;
  metrics(): Promise<Metrics>;
  /** SIGTERM, and SIGKILL if that does not end it. Throws unless it ended by itself with exit code 0. Can be called again. */
  stop(): Promise<void>;
}

/** Starts `upstairs serve` with config/demo.yaml, and waits until it is ready. */
export async function startProgram(settings: Record<string, string>, signal: AbortSignal): Promise<Program> {
  const child = spawn(execPath, [main, 'serve', '-c', config], {
    env: { ...env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    // In a process group of its own: Ctrl-C is for the demo, which then ends the program in good order.
    detached: true,
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const lines: string[] = [];
  const ended = new AbortController();
  const exit = once(child, 'close').then(([code, by]) => {
    process.off('exit', kill);
    ended.abort(new Error(`upstairs ended (${by ?? `exit code ${code}`}). It printed last:\n${lines.join('\n')}`));
    return code as number | null;
  });
  const keep = (line: string) => {
    lines.push(line);
    if (lines.length > 20) lines.shift();
  };
  createInterface({ input: child.stderr }).on('line', keep);
  const output = createInterface({ input: child.stdout }).on('line', keep);

  const stop = async () => {
    child.kill('SIGTERM');
    const inTime = await within(exit, stopMs);
    if (!inTime) kill();
    const code = await exit;
    if (!inTime) throw new Error(`upstairs did not end within ${stopMs / 1000} s of SIGTERM`);
    if (code !== 0) throw ended.signal.reason;
  };
  try {
    const late = AbortSignal.timeout(startMs);
    const { read, admin } = await readyPorts(output, AbortSignal.any([signal, ended.signal, late]));
    const adminUrl = `http://127.0.0.1:${admin}`;
    const metrics = async () => new Metrics(await (await fetch(`${adminUrl}/metrics`)).text());
    return { readUrl: `http://127.0.0.1:${read}`, adminUrl, ended: ended.signal, metrics, stop };
  } catch (error) {
    kill();
    await exit;
    if ((error as Error).name !== 'TimeoutError') throw error;
    throw new Error(`upstairs was not ready within ${startMs / 1000} s. It printed last:\n${lines.join('\n')}`);
  }
}

/** The log is a JSON object a line; the one of event `ready` has the ports. Rejects with the signal's reason. */
function readyPorts(output: Interface, signal: AbortSignal): Promise<{ read: number; admin: number }> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    output.on('line', (text) => {
      if (!text.includes('"event":"ready"')) return;
      resolve(JSON.parse(text) as { read: number; admin: number });
    });
  });
}
