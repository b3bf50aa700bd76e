import { microsecondsOf, parseDecimalSeconds } from '../lib/decimal-seconds.ts';
import { type ByteName, printable } from './byte-names.ts';
import { ManifestRecords } from './manifest-records.ts';
import { type ListingStep, manifestCommand, type SourceListing, SourceListingError } from './source-listing.ts';
import { StepBuilder } from './step-builder.ts';

/** So many first records that are all bad make no manifest of it. */
const badAtFirst = 100;

/**
 * A source as `manifestCommand` tells it: size, mtime, kind and mode, and path of each file, each record ended by a NUL. In any order. What
 * tells no kinds (a list of an old bucket) tells files alone. What ends
 * within a record was cut, and what has none is no manifest: nobody may conclude from either that something vanished.
 */
export class Manifest implements SourceListing {
  readonly by = 'manifest';
  readonly fingerprint = undefined;
  readonly #bytes: AsyncIterable<Buffer>;

  constructor(bytes: AsyncIterable<Buffer>) {
    this.#bytes = bytes;
  }

  /** It is whole or wrong, which `steps` tells. */
  async intact(): Promise<void> {}

  async *steps(_cursor: string | undefined, signal: AbortSignal): AsyncGenerator<ListingStep> {
    const records = new ManifestRecords();
    const met = new StepBuilder();
    let good = 0;
    let at = '';
    for await (const bytes of this.#bytes) {
      signal.throwIfAborted();
      for (const record of records.of(bytes)) {
        at = `record ${records.count}`;
        good += told(record, at, met) ? 1 : 0;
        if (good === 0 && records.count >= badAtFirst) throw wrong(`not one of its first ${badAtFirst} records is one`);
        if (met.full) yield met.take({ cursor: undefined, at, settled: true });
      }
    }
    if (records.cut) throw wrong(cutWhy(records));
    if (records.count === 0) throw wrong('it is empty');
    if (good === 0) throw wrong('not one of its records is one');
    yield met.take({ cursor: undefined, at, settled: true });
  }
}

/** What `%y` of find says of what is no file. */
const kinds: Readonly<Record<string, string>> = { p: 'fifo', s: 'socket', b: 'device', c: 'device' };

/** False: the record is none, which is noted. */
function told(record: ByteName | undefined, at: string, met: StepBuilder): boolean {
  met.entry();
  const [, size, mtime, kind, mode, path] =
    /^(\d{1,19}) (-?\d+(?:\.\d+)?) ([flpsbc]?)([0-7]{1,5}) \.\/(.+)$/s.exec(record ?? '') ?? [];
  // find gives ten decimals, and the file system nine.
  const ns = parseDecimalSeconds(mtime?.replace(/(\.\d{9})\d+$/, '$1') ?? '');
  if (path === undefined || ns === undefined || !Number.isSafeInteger(Number(size))) {
    met.finding('bad-line', at, record === undefined ? 'too long' : printable(record.slice(0, 100)));
    return false;
  }
  if (kind === 'l') met.finding('symlink', path, undefined);
  else if (kind && kind !== 'f') met.finding('not-a-file', path, kinds[kind]);
  else met.file(path, { size: Number(size), mtimeUs: microsecondsOf(ns), mode: Number.parseInt(mode!, 8) & 0o7777 });
  return true;
}

function cutWhy({ count, newlines }: ManifestRecords): string {
  if (count === 0 && newlines)
    return 'its records end with newlines, and must end with NUL (\\0): names may have newlines';
  return `it ends within record ${count + 1}: it was cut short`;
}

function wrong(why: string): SourceListingError {
  return new SourceListingError('MANIFEST_WRONG', {
    found: `this is no whole manifest: ${why}`,
    expected: 'what `find` prints in public/system of the source, all of it',
    todo: `run there: ${manifestCommand}`,
  });
}
