import { setTimeout as sleep } from 'node:timers/promises';
import { compareAll, type Difference } from './compare.ts';
import { type Display, megabytes, percentages, say, sumOf } from './display.ts';
import { type MediaFile, urlPath } from './media-tree.ts';
import type { CopyProgress } from './metrics.ts';
import type { Program } from './program.ts';
import type { Store } from './store.ts';
import type { Tally } from './tally.ts';
import type { Viewers } from './viewers.ts';

/** All that is on the stage. */
export interface Stage {
  readonly files: readonly MediaFile[];
  readonly store: Store;
  readonly program: Program;
  readonly viewers: Viewers;
  readonly tally: Tally;
  readonly display: Display;
  /** Aborted when the demo has to end early. */
  readonly signal: AbortSignal;
}

/** How long the program may take to copy what was asked for, in milliseconds. */
const copyDeadlineMs = 30_000;

/** Viewers look for so many seconds, and the display shows where their answers come from. */
export async function watch({ viewers, tally, display, program, signal }: Stage, seconds: number): Promise<void> {
  const over = new AbortController();
  const looking = viewers.look(AbortSignal.any([signal, over.signal]));
  try {
    for (let second = 1; second <= seconds; second++) {
      await sleep(1000, undefined, { signal });
      display.second(second, tally.takePassing(), (await program.metrics()).copies());
    }
  } finally {
    over.abort();
    await looking;
  }
  say(`\n${sumOf(tally.total)} answers in all: ${percentages(tally.total)}`);
  for (const failure of tally.failures) say(`An answer failed: ${failure}`);
}

/** Leaves everything up, and says what a newcomer can try. Ends when the signal is aborted. */
export async function tryYourself({ files, store, program, viewers, signal }: Stage): Promise<void> {
  const seen = files.filter(({ key }) => viewers.asked.has(key));
  const picture = seen.find(({ key }) => /\.jpe?g$/.test(key)) ?? seen[0] ?? files[0]!;
  const path = urlPath(picture.key);
  const url = `${program.readUrl}/system/${path}`;
  say(`
Everything is still up. Try:

  a picture, in a browser   ${url}
  where it came from        curl -sI ${url} | grep -i ^cache-status
  its copy in the bucket    curl -sI ${store.endpoint}/${store.bucket}/${path}
  how far copying is        curl -s ${program.adminUrl}/metrics | grep upstairs_ledger
  whether all is well       curl -si ${program.adminUrl}/readyz

Ctrl-C ends the demo and removes what it made.`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Has every file asked for, waits for the copies, and compares each with its file. False, with the keys named, unless all is right. */
export async function verify({ files, store, program, viewers, tally, signal }: Stage): Promise<boolean> {
  await viewers.lookAtTheRest(signal);
  const { bytes } = await allSettled(program, files.length, signal);
  const differences = await compareAll(store.client, store.bucket, files, signal);
  report(differences);
  say(
    `${files.length - differences.length} of ${files.length} files were copied, and every byte, type and date of these is right; ${megabytes(bytes)} up.`,
  );
  const { failed } = tally.total;
  if (failed > 0) say(`${failed} of ${sumOf(tally.total)} answers failed; the first: ${tally.failures[0]}`);
  return differences.length === 0 && failed === 0;
}

/** Waits until so many keys are copied, or at least settled; not longer than the deadline: comparing will tell what is missing. */
async function allSettled(program: Program, keys: number, signal: AbortSignal): Promise<CopyProgress> {
  const until = performance.now() + copyDeadlineMs;
  for (;;) {
    const progress = (await program.metrics()).copies();
    const done = progress.wanted === 0 && progress.copied + progress.others >= keys;
    if (done || performance.now() > until) return progress;
    await sleep(100, undefined, { signal });
  }
}

function report(differences: readonly Difference[]): void {
  for (const { key, what } of differences) say(`${key}: ${what}`);
}
