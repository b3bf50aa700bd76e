import { parentPort, workerData } from 'node:worker_threads';
import { quickProblem } from './peek-database.ts';

// The thread of `quickProblemApart`: the file in, what is wrong with it out.
parentPort?.postMessage(quickProblem(workerData as string));
