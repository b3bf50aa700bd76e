import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { RootSeen, RootToLook } from './look-at-root.ts';

/** What a looking thread is given. */
export interface LookerParts {
  /** Roots come in, what was seen goes out. */
  readonly port: MessagePort;
  /** One number: how many answers are in the port by now. */
  readonly answers: SharedArrayBuffer;
}

/** Beside this file, whether that is the source or was built. */
const program = new URL(import.meta.url.replace(/look-in-time(\.[jt]s)$/, 'look-worker$1'));

/** Threads that have answered, kept for whoever looks again before the event loop turns. */
const idle: Looker[] = [];

/**
 * Looks at directories, each in a thread of its own: a disk that hangs must not hang whoever asks. Blocks for no longer than so many
 * milliseconds. A thread that hangs is left behind, and keeps the process from ending by itself.
 */
export function lookInTime(roots: readonly RootToLook[], withinMs: number): RootSeen[] {
  const until = performance.now() + withinMs;
  const hangs: RootSeen = { message: `does not answer within ${withinMs / 1000} s: is the disk dead?` };
  const lookers = roots.map((root) => {
    const looker = idle.pop() ?? new Looker();
    looker.begin(root);
    return looker;
  });
  return lookers.map((looker) => {
    const seen = looker.end(Math.max(0, until - performance.now()));
    if (seen) rest(looker);
    return seen ?? hangs;
  });
}

function rest(looker: Looker): void {
  if (idle.length === 0)
    setImmediate(() => {
      for (const rested of idle.splice(0)) rested.dismiss();
    });
  idle.push(looker);
}

class Looker {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #answers = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #before = 0;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const workerData: LookerParts = { port: port2, answers: this.#answers.buffer };
    this.#worker = new Worker(program, { workerData, transferList: [port2], execArgv: [] });
  }

  begin(root: RootToLook): void {
    this.#before = Atomics.load(this.#answers, 0);
    this.#port.postMessage(root);
  }

  /** Undefined: no answer within so many milliseconds. */
  end(waitMs: number): RootSeen | undefined {
    Atomics.wait(this.#answers, 0, this.#before, waitMs);
    return (receiveMessageOnPort(this.#port) as { message: RootSeen } | undefined)?.message;
  }

  dismiss(): void {
    this.#port.close();
    // How it ends matters to nobody: it has nothing in hand.
    this.#worker.terminate().catch(() => undefined);
  }
}
