import { openFailures } from '../app/wire-control.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { copyReasons } from '../ledger/copy-reasons.ts';
import type { Failure, FailureCount, FailureCursor, Failures } from '../ledger/failures.ts';
import type { CopyReason } from '../ledger/ledger.ts';
import type { FileLock } from '../lib/file-lock.ts';
import { AdminClient } from './admin-client.ts';
import { type CommandError, optionsWrong } from './command-error.ts';
import { csvLine } from './csv.ts';
import { ledgerFile } from './ledger-file.ts';
import { mediaUrl } from './media-url.ts';
import { print } from './print.ts';
import { lockState } from './state-lock.ts';

export interface FailuresOptions {
  readonly config: string;
  readonly reason?: CopyReason;
  readonly key?: readonly string[];
  readonly retry?: true;
  readonly lost?: true;
  readonly json?: true;
  readonly csv?: true;
}

const pageKeys = 1000;
/** Keys in one request to a running `serve`. */
const keysAtOnce = 1000;

/** `upstairs failures`: what could not be copied, from the ledger, whether `serve` runs or not; `--retry` has it tried again. */
export async function failures(options: FailuresOptions): Promise<void> {
  checkOptions(options);
  const { config } = loadConfig(options.config, { env: process.env, environment: false });
  const file = ledgerFile(config.state.dir);
  if (options.retry) return await retry(config, file, options);
  const ledger = openFailures(file, { look: true });
  try {
    if (options.json) await listJson(ledger, config, options);
    else if (options.csv || options.lost) await listCsv(ledger, config, options);
    else await listText(ledger, options);
  } finally {
    await ledger.close();
  }
}

function checkOptions({ retry: again, key, reason, lost, csv }: FailuresOptions): void {
  if (key && !again)
    throw optionsWrong('--key was given without --retry', 'add --retry: --key says what is tried again');
  if (key && reason) throw optionsWrong('--key and --reason were given together', 'leave one of them out');
  if (again && (lost || csv))
    throw optionsWrong('--retry was given with --lost or --csv', 'leave these out: it lists nothing');
}

/** A `serve` that runs holds the state: it is asked to do it. */
async function retry(config: Config, file: string, { reason, key, json }: FailuresOptions): Promise<void> {
  const lock = lockUnlessServing(config.state.dir);
  const retried = lock ? await retryInLedger(lock, file, reason, key) : await retryThere(config, reason, key);
  if (json) {
    process.stdout.write(`${JSON.stringify({ retried, serving: lock === undefined })}\n`);
    return;
  }
  const when = lock ? 'once `upstairs serve` runs' : 'now';
  process.stdout.write(`${retried} ${retried === 1 ? 'key is' : 'keys are'} tried again ${when}\n`);
}

function lockUnlessServing(dir: string): FileLock | undefined {
  try {
    return lockState(dir);
  } catch (error) {
    if ((error as CommandError).code === 'STATE_IN_USE') return undefined;
    throw error;
  }
}

async function retryInLedger(
  lock: FileLock,
  file: string,
  reason?: CopyReason,
  keys?: readonly string[],
): Promise<number> {
  try {
    const ledger = openFailures(file, { look: false });
    try {
      return await ledger.retry(keys ? { keys } : reason ? { reason } : 'all', Date.now());
    } finally {
      await ledger.close();
    }
  } finally {
    lock.release();
  }
}

async function retryThere(config: Config, reason?: CopyReason, keys?: readonly string[]): Promise<number> {
  const admin = new AdminClient(config);
  const ask = async (body: object) => (await admin.post<{ retried: number }>('/api/failures/retry', body)).retried;
  if (!keys) return await ask(reason ? { reason } : {});
  let retried = 0;
  for (let i = 0; i < keys.length; i += keysAtOnce) retried += await ask({ keys: keys.slice(i, i + keysAtOnce) });
  return retried;
}

/** What is lost is what the medium does not give, unless another reason was named. */
async function* wanted(ledger: Failures, { lost, reason }: FailuresOptions): AsyncGenerator<Failure> {
  const of = reason ?? (lost ? 'damaged' : undefined);
  let after: FailureCursor | undefined;
  for (;;) {
    const page = await ledger.page(after, pageKeys, of);
    yield* page;
    after = page.at(-1);
    if (after === undefined || page.length < pageKeys) return;
  }
}

async function listText(ledger: Failures, options: FailuresOptions): Promise<void> {
  for await (const { key, reason, detail, tries, nextTryMs } of wanted(ledger, options))
    await print(
      `${key}\t${reason}\t${detail ?? '-'}\t${tries}\t${nextTryMs === undefined ? 'given up' : isoTime(nextTryMs)}\n`,
    );
  const counts = (await ledger.counts()).filter(
    ({ reason }) => options.reason === undefined || reason === options.reason,
  );
  // Apart from the list, which another program may read.
  for (const line of summary(counts)) process.stderr.write(`${line}\n`);
}

/** A line a reason: how many, what it means, what to do. */
export function summary(counts: readonly FailureCount[]): string[] {
  if (counts.length === 0) return ['no failures'];
  return counts.map(({ reason, state, keys }) => {
    const { means, todo } = copyReasons[reason];
    return `${keys} ${reason}, ${state === 'waiting' ? 'tried again by themselves' : 'given up'}: ${means}; ${todo}`;
  });
}

async function listJson(ledger: Failures, config: Config, options: FailuresOptions): Promise<void> {
  await print(`{\n"counts": ${JSON.stringify(await ledger.counts())},\n"failures": [`);
  let between = '\n';
  for await (const failure of wanted(ledger, options)) {
    const { file, sinceMs, nextTryMs, ...rest } = failure;
    const told = options.lost
      ? lostFacts(config, failure)
      : { ...rest, ...file, since: isoTime(sinceMs), ...(nextTryMs !== undefined && { nextTry: isoTime(nextTryMs) }) };
    await print(`${between}${JSON.stringify(told)}`);
    between = ',\n';
  }
  await print('\n]\n}\n');
}

async function listCsv(ledger: Failures, config: Config, options: FailuresOptions): Promise<void> {
  if (options.lost) {
    await print(csvLine(['url', 'key', 'size', 'mtime', 'reason', 'detail']));
    for await (const failure of wanted(ledger, options)) {
      const { url, key, size, mtime, reason, detail } = lostFacts(config, failure);
      await print(csvLine([url, key, size, mtime, reason, detail]));
    }
    return;
  }
  await print(csvLine(['key', 'reason', 'detail', 'tries', 'state', 'since', 'nextTry', 'source', 'size', 'mtime']));
  for await (const { key, reason, detail, tries, state, sinceMs, nextTryMs, file } of wanted(ledger, options)) {
    const next = nextTryMs === undefined ? undefined : isoTime(nextTryMs);
    await print(
      csvLine([key, reason, detail, tries, state, isoTime(sinceMs), next, file?.source, file?.size, file?.mtime]),
    );
  }
}

/** What a moderator needs to know of a file that is lost. */
function lostFacts(config: Config, { key, file, reason, detail }: Failure) {
  const mtime = file && new Date(Number(file.mtime) * 1000).toISOString();
  return { url: mediaUrl(config, key), key, size: file?.size, mtime, reason, detail };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
