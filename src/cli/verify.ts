import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openProof } from '../app/wire-proof.ts';
import { type Verifier, verifier } from '../app/wire-verify.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { bytesInWords, durationInWords } from '../lib/quantity-words.ts';
import { Acknowledged } from '../verify/acknowledged.ts';
import { isClean, isFresh, type Proof } from '../verify/proof.ts';
import { reportLines } from '../verify/report.ts';
import { jsonPieces, summaryLines } from '../verify/summary.ts';
import { coloured, type Mood } from './colour.ts';
import { brokenOff, fileUnreadable, optionsWrong } from './command-error.ts';
import { endWith } from './exit-codes.ts';
import { boundLedger, expectMarks } from './ledger-file.ts';
import { type LineSink, lineSink } from './line-sink.ts';
import { ProgressLines } from './progress-lines.ts';
import { listBucket } from './verify-listing.ts';
import { version } from './version.ts';

export interface VerifyCommand {
  readonly config: string;
  /** Percent of the objects; none: no bytes are read. */
  readonly download?: number;
  readonly source?: true;
  readonly combined?: string;
  readonly report?: string;
  readonly acknowledged?: string;
  readonly only?: string;
  readonly seed?: string;
  readonly json?: true;
  /** False: `--no-list`. */
  readonly list: boolean;
  readonly staleScan?: true;
  readonly concurrency: number;
  readonly rate: number;
}

/** How long descriptors on the disks may take to close at the end, in milliseconds. */
const closingMs = 1000;

/**
 * `upstairs verify`: is everything that is below in the bucket, and equal? Exit code 0: yes, or excepted; 2: no; 1: it could not be found
 * out. What could not be found out, or was broken off, is not kept as a result.
 * @throws CommandError NO_STATE, FILE_UNREADABLE; VerifyError; TroubleError
 */
export async function verify(command: VerifyCommand): Promise<void> {
  const { combined: combinedFile, report: reportFile, json = false } = command;
  if (combinedFile === '-' && json)
    throw optionsWrong('--combined - and --json would both write to standard output', 'give --combined a file');
  const { config } = loadConfig(command.config, { env: process.env, environment: false });
  const ledger = boundLedger(config.state.dir);
  expectMarks(config.state.dir);
  const acknowledged = acknowledgedIn(command.acknowledged);
  const proofs = openProof(join(config.state.dir, 'ledger.db'));
  const combined = combinedFile === undefined ? undefined : await lineSink(combinedFile);
  const report = reportFile === undefined ? undefined : await lineSink(reportFile);
  const lines = new ProgressLines(process.stderr);
  let far = (_done: Done) => '';
  const stop = new AbortController();
  const broken = () => stop.abort(brokenOff('nothing is proven, and nothing was recorded', 'run it again'));
  process.once('SIGINT', broken);
  process.once('SIGTERM', broken);
  let made: Verifier | undefined;
  try {
    made = await verifier(config, {
      percent: command.download ?? 0,
      seed: command.seed ?? (await seedToRepeat(proofs, config, command.only)) ?? randomBytes(6).toString('hex'),
      source: command.source ?? false,
      only: command.only,
      acceptOldScan: command.staleScan ?? false,
      acknowledged,
      combined: async (line) => combined?.write(`${line}\n`),
      perSecond: command.rate,
      concurrency: command.concurrency,
      version,
      list: command.list ? (signal) => listBucket(config, ledger, lines, signal) : undefined,
      useOf: (source) => proofs.use.of(source),
      retired: new Set((await proofs.retired.all()).map(({ source }) => source)),
      begin: (scans) => {
        far = howFar(scans.reduce((sum, { files }) => sum + files, 0));
      },
      progress: (done) => lines.show(() => far(done)),
    });
    const proof = await made.prove(stop.signal);
    lines.end();
    await combined?.end();
    if (report) await writeReport(report, proof, made);
    const fresh = isFresh(proof);
    // What is not clean counts on whatever it rests: nothing may go on being safe because it was thrown away.
    if (!isClean(proof) || (fresh && config.phase === 'move')) await made.record(proof);
    else if (fresh) process.stderr.write('not recorded: in phase: front Mastodon still writes below\n');
    else process.stderr.write('not recorded: a scan or listing that it rests on is older than a day\n');
    await tell(proof, made, { json, to: combinedFile === '-' ? process.stderr : process.stdout });
    endWith(isClean(proof) ? 'done' : 'notGood');
  } catch (error) {
    await combined?.discard();
    await report?.discard();
    throw error;
  } finally {
    lines.end();
    process.off('SIGINT', broken);
    process.off('SIGTERM', broken);
    await made?.close();
    await proofs.close();
    await endDespite(made);
  }
}

/** Of the sample in which something was found wrong: only by looking there again can it be found right. */
async function seedToRepeat(
  { verifications }: ReturnType<typeof openProof>,
  { sources }: Config,
  only: string | undefined,
): Promise<string | undefined> {
  for (const { name } of sources.filter((source) => only === undefined || source.name === only)) {
    const last = await verifications.last(name);
    if (last?.clean === false && last.seed !== undefined) return last.seed;
  }
  return undefined;
}

interface Done {
  readonly keys: number;
  readonly bytes: number;
}

/** Words for how far it is. */
function howFar(files: number): (done: Done) => string {
  const beganMs = performance.now();
  return ({ keys, bytes }) => {
    const tookMs = performance.now() - beganMs;
    const left = keys > 0 && keys < files ? `, about ${durationInWords((tookMs / keys) * (files - keys))} left` : '';
    const read = bytes === 0 ? '' : `, ${bytesInWords(bytes)} read, ${bytesInWords((bytes / tookMs) * 1000)}/s`;
    return `${keys} keys of about ${files}${read}${left}`;
  };
}

function acknowledgedIn(file: string | undefined): Acknowledged {
  if (file === undefined) return new Acknowledged([]);
  try {
    return Acknowledged.parse(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw fileUnreadable(`--acknowledged ${file}`, error);
  }
}

async function writeReport(to: LineSink, proof: Proof, { noted }: Verifier): Promise<void> {
  for await (const line of reportLines(proof, noted)) await to.write(`${line}\n`);
  await to.end();
}

async function tell(
  proof: Proof,
  { noted }: Verifier,
  { json, to }: { json: boolean; to: NodeJS.WriteStream },
): Promise<void> {
  if (json) {
    const stdout = await lineSink('-');
    for await (const piece of jsonPieces(proof, noted())) await stdout.write(piece);
    return;
  }
  const paint = (mood: Mood, text: string) => coloured(mood, text, to);
  for await (const line of summaryLines(proof, noted(), paint)) to.write(`${line}\n`);
}

/** A disk that hangs holds a thread, and the process would wait for it for ever. */
async function endDespite(made: Verifier | undefined): Promise<void> {
  const end = performance.now() + closingMs;
  while (made && made.pendingDiskOperations() > 0 && performance.now() < end) await setTimeout(10);
  if (made && made.pendingDiskOperations() > 0) process.kill(process.pid, 'SIGKILL');
}
