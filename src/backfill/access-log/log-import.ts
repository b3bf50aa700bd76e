import type { Heat } from '../../ledger/heat.ts';
import { GatheredViews } from './gathered-views.ts';
import { LogBytes } from './log-bytes.ts';
import { LogImportError } from './log-import-error.ts';
import { parseLogLine } from './log-line.ts';
import { logLines } from './log-lines.ts';
import { OneViewer } from './one-viewer.ts';
import { isView } from './view-of.ts';

export interface LogImportOptions {
  readonly heat: Heat;
  /** The key that a request was about; undefined: it was about none. */
  readonly keyOf: (host: string | undefined, target: string) => string | undefined;
  readonly now: () => number;
}

/** What was found in a log, behind what was known of it. */
export interface LogCounts {
  readonly lines: number;
  /** Lines that are counted as a view of a key. */
  readonly views: number;
  /** Lines in no format that is known. */
  readonly unreadable: number;
  /** The first of these: which line, counted from 1, and how it begins. */
  readonly firstUnreadable: readonly { readonly line: number; readonly text: string }[];
  /** Bytes at the beginning that an earlier import had read; no lines of these are counted. */
  readonly knownBytes: number;
}

/** Keys that are written down at once: a program that serves may wait for it. */
const keysAtOnce = 250;
/** After so many lines of which none could be read it is no log. */
const triedLines = 1000;
const mostShown = 5;
const mostShownCharacters = 160;

/**
 * Counts the views that access logs tell of into the heat. What was read before is not counted again: a log is known by its first lines, and
 * read on behind what was read, also when it was moved or packed since. How far it was read is written down together with the views: broken
 * off, it is simply imported again. Memory: some hundred keys, a chunk and a line.
 */
export class LogImport {
  readonly #options: LogImportOptions;
  /** One for all logs: a view goes on in the next one. */
  readonly #viewers = new OneViewer();

  constructor(options: LogImportOptions) {
    this.#options = options;
  }

  /**
   * @param log its bytes, unpacked.
   * @throws LogImportError, and what reading throws: what was read until then is counted.
   */
  async run(log: AsyncIterable<Buffer>, signal: AbortSignal): Promise<LogCounts> {
    const { heat, now } = this.#options;
    const bytes = await LogBytes.open(log, await heat.logs());
    const tally = new Tally();
    const gathered = new GatheredViews();
    const write = () => heat.add(gathered.take(keysAtOnce), now(), bytes.read());
    let restOfLine = bytes.midLine;
    try {
      for await (const { text, endBytes, ended } of logLines(bytes.rest())) {
        signal.throwIfAborted();
        // A part of a line that was counted, or was none, before the rest of it was written.
        if (!restOfLine && !this.#take(text, ended, tally, gathered)) break;
        restOfLine = false;
        bytes.take(endBytes);
        if (gathered.size >= keysAtOnce) await write();
      }
    } finally {
      if (tally.lines > tally.unreadable) await write();
    }
    if (tally.lines > 0 && tally.lines === tally.unreadable) throw unknownFormat(tally);
    return { ...tally, knownBytes: bytes.knownBytes };
  }

  /** False: the log ends here. */
  #take(text: string | undefined, ended: boolean, tally: Tally, gathered: GatheredViews): boolean {
    if (text === '') return true;
    const found = text === undefined ? undefined : parseLogLine(text);
    // The last line is being written: it is left for the next import.
    if (!found && !ended && tally.lines > 0) return false;
    tally.lines += 1;
    if (!found) return tally.countUnreadable(text ?? '(a line of more than 64 KiB)');
    if (found === 'no-request') return true;
    const key = this.#options.keyOf(found.host, found.target);
    if (key === undefined || !isView({ ...found, key }, this.#viewers)) return true;
    tally.views += 1;
    gathered.add(key, found.atMs);
    return true;
  }
}

class Tally {
  lines = 0;
  views = 0;
  unreadable = 0;
  readonly firstUnreadable: { line: number; text: string }[] = [];

  /** False: these were enough to see that it is no log. */
  countUnreadable(text: string): boolean {
    this.unreadable += 1;
    if (this.firstUnreadable.length < mostShown)
      this.firstUnreadable.push({ line: this.lines, text: text.slice(0, mostShownCharacters) });
    return this.unreadable < triedLines || this.lines > this.unreadable;
  }
}

function unknownFormat({ lines, firstUnreadable }: Tally): LogImportError {
  return new LogImportError('LOG_FORMAT_UNKNOWN', {
    found: `none of its ${lines === triedLines ? `first ${lines}` : lines} lines is in a format that is known; the first is ${JSON.stringify(firstUnreadable[0]?.text ?? '')}`,
    expected: "nginx's combined, or a JSON object with request, status and time_iso8601 in each line",
    todo: 'see that it is an access log; `upstairs heat import --help` tells the formats',
  });
}
