import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { logImport, openHeat } from '../app/wire-heat.ts';
import type { LogCounts } from '../backfill/access-log/log-import.ts';
import { unpacked } from '../backfill/access-log/unpacked.ts';
import { loadConfig } from '../config/load.ts';
import { bytesInWords, countInWords } from '../lib/quantity-words.ts';
import { brokenOff } from './command-error.ts';
import { endWith } from './exit-codes.ts';
import { ledgerFile } from './ledger-file.ts';
import { ProgressLines } from './progress-lines.ts';
import { toldError } from './told-error.ts';

export interface HeatImportCommand {
  readonly config: string;
  readonly logs: readonly string[];
  readonly host?: string;
  readonly json?: true;
}

interface Imported {
  readonly log: string;
  readonly counts?: LogCounts;
  /** It could not be read, or not to its end. */
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly expected: string;
    readonly todo: string;
  };
}

/**
 * `upstairs heat import`: counts the views that access logs tell of, one log after the other; also beside a running `serve`. Exit code 0: all
 * were read; 1: some were not, or not to their end. Broken off, it is simply run again.
 * @throws CommandError NO_STATE
 */
export async function heatImport({ config: file, logs, host, json }: HeatImportCommand): Promise<void> {
  const { config } = loadConfig(file, { env: process.env, environment: false });
  ledgerFile(config.state.dir);
  const heat = openHeat(config, Date.now);
  const stop = new AbortController();
  const broken = () => stop.abort(brokenOff('what was read is counted', 'run it again for the rest'));
  process.once('SIGINT', broken);
  process.once('SIGTERM', broken);
  try {
    const importer = logImport(config, heat, Date.now, host);
    const imported: Imported[] = [];
    const lines = new ProgressLines(process.stderr);
    for (const log of logs) {
      const one = await importer
        .run(unpacked(opened(log, lines, stop.signal)), stop.signal)
        .then((counts): Imported => ({ log, counts }))
        .catch((error: unknown) => ({ log, error: readable(error) }));
      lines.end();
      if (stop.signal.aborted) throw stop.signal.reason;
      imported.push(one);
      if (!json) tell(one);
    }
    const keys = await heat.keys();
    if (json) process.stdout.write(`${JSON.stringify({ logs: imported, keys })}\n`);
    else process.stdout.write(`${countInWords(keys)} keys are known by how often they are asked for\n`);
    endWith(imported.some(({ error }) => error) ? 'failed' : 'done');
  } finally {
    process.off('SIGINT', broken);
    process.off('SIGTERM', broken);
    await heat.close();
  }
}

/** The bytes of a log, as they lie there; how far they are read is shown. */
async function* opened(log: string, lines: ProgressLines, signal: AbortSignal): AsyncGenerator<Buffer> {
  const bytes: Readable = log === '-' ? process.stdin : createReadStream(log);
  const all = statSync(log, { throwIfNoEntry: false })?.size;
  const beganMs = performance.now();
  let read = 0;
  for await (const chunk of bytes) {
    signal.throwIfAborted();
    yield chunk as Buffer;
    read += (chunk as Buffer).length;
    lines.show(() => progressText(log, read, all, (performance.now() - beganMs) / 1000));
  }
}

function progressText(log: string, read: number, all: number | undefined, seconds: number): string {
  const rate = read / seconds;
  const left = all === undefined ? '' : ` of ${bytesInWords(all)}, ${Math.ceil(Math.max(0, all - read) / rate)} s left`;
  return `${log}: ${bytesInWords(read)}${left}, ${bytesInWords(rate)}/s`;
}

/** An error that tells of the log: of the system, of unpacking it, or of what is in it. Another one is the program's own. */
function readable(error: unknown): NonNullable<Imported['error']> {
  const { code, found, expected, todo } = toldError(error, 'upstairs heat import');
  if (code === 'INTERNAL') throw error;
  return { code, message: found, expected, todo };
}

function tell({ log, counts, error }: Imported): void {
  if (error) process.stderr.write(`${log}: ${error.message}\n  expected: ${error.expected}\n  to do: ${error.todo}\n`);
  if (!counts) return;
  const { lines, views, unreadable, firstUnreadable, knownBytes } = counts;
  const known = knownBytes > 0 ? `; ${bytesInWords(knownBytes)} before them were known` : '';
  process.stdout.write(`${log}: ${countInWords(lines)} lines, ${countInWords(views)} of them views${known}\n`);
  if (unreadable === 0) return;
  process.stderr.write(`${log}: ${countInWords(unreadable)} lines cannot be read, such as\n`);
  for (const { line, text } of firstUnreadable) process.stderr.write(`  ${line}: ${JSON.stringify(text)}\n`);
}
