import { Worker } from 'node:worker_threads';
import { unlessAborted } from './unless-aborted.ts';

/** Beside this file, whether that is the source or was built. */
const program = new URL(import.meta.url.replace(/quick-problem-apart(\.[jt]s)$/, 'quick-check-worker$1'));

/**
 * `quickProblem` in a thread of its own: it reads the whole file, which takes seconds where there are millions of keys, and whoever waits
 * for an answer over the network meanwhile would take it for late.
 */
export async function quickProblemApart(file: string, signal: AbortSignal): Promise<string | undefined> {
  const worker = new Worker(program, { workerData: file, execArgv: [] });
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', (code) => reject(new Error(`the thread that checks ${file} ended with ${code}`)));
  try {
    return await unlessAborted(promise, signal);
  } finally {
    // It ends once SQLite lets go of it.
    worker.terminate().catch(() => undefined);
  }
}
