import { workerData } from 'node:worker_threads';
import { lookAtRoot, type RootToLook } from './look-at-root.ts';
import type { LookerParts } from './look-in-time.ts';

// A thread of `look-in-time.ts`: takes roots, and answers each with what was seen.
const { port, answers } = workerData as LookerParts;
const answered = new Int32Array(answers);
port.on('message', (root: RootToLook) => {
  port.postMessage(lookAtRoot(root));
  Atomics.add(answered, 0, 1);
  Atomics.notify(answered, 0);
});
