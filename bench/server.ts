import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterDeath } from '../test/support/after-death.ts';
import { eventually } from '../test/support/eventually.ts';

/** A program under test, pinned to its core. */
export interface Server extends AsyncDisposable {
  /** http://127.0.0.1:PORT for readers. */
  readonly url: string;
  readonly pid: number;
}

export interface ServerCommand {
  readonly command: readonly string[];
  /** The core it runs on. */
  readonly core: string;
  /** Takes what it prints. */
  readonly logFile: string;
  readonly url: string;
  /** Answers 200 when it is ready. */
  readonly readyUrl: string;
}

/** Starts a server and waits until it is ready. If it does not become so, the error has the end of its log. */
export async function startServer({ command, core, logFile, url, readyUrl }: ServerCommand): Promise<Server> {
  const log = openSync(logFile, 'a');
  // taskset becomes the program, so the child's id is the program's.
  const child = spawn('taskset', ['-c', core, ...command], { stdio: ['ignore', log, log] });
  // TERM first: killed, nginx's master would leave its workers behind.
  const spare = afterDeath('kill -TERM "$1"; sleep 5; kill -KILL "$1"', String(child.pid));
  const stop = async () => {
    await end(child);
    spare();
  };
  const asked = eventually(async () => !running(child) || (await fetch(readyUrl)).ok, { withinMs: 15_000 });
  const answered = await asked.catch(() => false); // the log says more
  if (!answered || !running(child)) {
    await stop();
    throw new Error(`${command.join(' ')} did not become ready:\n${readFileSync(logFile, 'utf8').slice(-2000)}`);
  }
  return { url, pid: child.pid!, [Symbol.asyncDispose]: stop };
}

async function end(child: ChildProcess): Promise<void> {
  if (!running(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  if ((await Promise.race([exited, sleep(20_000, undefined, { ref: false })])) === undefined) child.kill('SIGKILL');
  await exited;
}

function running(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
