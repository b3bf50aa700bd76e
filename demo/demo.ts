import { rmSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Teardown } from '../src/lib/teardown.ts';
import { type Stage, tryYourself, verify, watch } from './acts.ts';
import { makeBasement } from './basement.ts';
import { Display, megabytes, say } from './display.ts';
import { readMediaTree } from './media-tree.ts';
import { startProgram } from './program.ts';
import { startStore } from './store.ts';
import { Tally } from './tally.ts';
import { Viewers, viewerCount } from './viewers.ts';

export interface DemoOptions {
  /** An existing tree of media, or undefined to make one. */
  readonly media: string | undefined;
  /** Check everything and end, instead of staying up. */
  readonly once: boolean;
  /** How long viewers look. */
  readonly seconds: number;
}

/** The whole demo; leaves nothing behind, however it ends. Returns the exit code. */
export async function demo(options: DemoOptions, interrupted: AbortSignal): Promise<number> {
  let code = 0;
  const told = new Set<unknown>();
  const failed = (error: unknown) => {
    code = 1;
    if (!told.has(error)) process.stderr.write(`${(error as Error).message}\n`);
    told.add(error);
  };
  const teardown = new Teardown((_step, error) => failed(error));
  let stage: Stage | undefined;
  try {
    stage = await setUp(options, interrupted, teardown);
    await watch(stage, options.seconds);
    if (!options.once) await tryYourself(stage);
    else if (!(await verify(stage))) code = 1;
    stage.program.ended.throwIfAborted();
  } catch (error) {
    // What went wrong because the program ended is not worth telling; why it ended is.
    if (!interrupted.aborted) failed(stage?.program.ended.aborted ? stage.program.ended.reason : error);
    else if (options.once) code = 130;
  } finally {
    if (interrupted.aborted) say();
    await teardown.run();
  }
  if (code === 0) say('Upstairs has ended, and nothing is left behind.');
  return code;
}

/** Builds everything up, from the bottom; `teardown` lets go of it in reverse order. */
async function setUp({ media }: DemoOptions, interrupted: AbortSignal, teardown: Teardown): Promise<Stage> {
  const scratch = await mkdtemp(join(tmpdir(), 'upstairs-demo-'));
  const remove = () => rmSync(scratch, { recursive: true, force: true });
  process.once('exit', remove);
  teardown.add('temporary directory', remove);
  const root = media ?? join(scratch, 'basement');
  if (media === undefined) await makeBasement(root);
  const { files, leftOut } = await readMediaTree(root);
  if (files.length === 0) throw new Error(`There are no files to be served in ${root}.`);
  interrupted.throwIfAborted();

  const store = await startStore('demo-media');
  teardown.add('S3 server', () => store.close());
  const state = join(scratch, 'state');
  await mkdir(state);
  const program = await startProgram(
    { DEMO_STATE: state, DEMO_MEDIA: root, DEMO_S3_ENDPOINT: store.endpoint, DEMO_BUCKET: store.bucket },
    interrupted,
  );
  teardown.add('program', () => program.stop());
  const tally = new Tally();
  const viewers = new Viewers(program.readUrl, files, tally);
  teardown.add('viewers', () => viewers.close());

  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const aside = leftOut === 0 ? '' : ` (${leftOut} more are private or have no proper name, and are never served)`;
  say(`${files.length} files in the basement, ${megabytes(bytes)}${aside}; an empty bucket; ${viewerCount} viewers.\n`);
  const signal = AbortSignal.any([interrupted, program.ended]);
  return { files, store, program, viewers, tally, display: new Display(), signal };
}
