import type { ScanRecord } from '../ledger/files.ts';
import type { OpenScan, ScanWriter, SeenFile, SeenFinding } from '../ledger/scan-writer.ts';
import { type ListingStep, type SourceListing, SourceListingError } from '../sources/source-listing.ts';

/** Rows that a batch has at most, about: its transaction keeps other writers waiting. */
const batchRows = 750;
/** How long what was met may wait for its batch, in milliseconds. */
const batchMs = 1000;
/** Of so many files or more a scan must find half again: more do not go in a day. */
const manyFiles = 100;

export interface ScanProgress {
  readonly source: string;
  /** Names or lines since this process began. */
  readonly entries: number;
  readonly files: number;
  readonly bytes: number;
  readonly findings: number;
  /** Where it is. */
  readonly at: string;
}

export interface ScanOptions {
  readonly writer: ScanWriter;
  readonly source: string;
  readonly listing: SourceListing;
  /** Begin anew, where a scan was broken off; and believe that a source which had files has none any more. */
  readonly fresh: boolean;
  /** What the source had before. */
  readonly hadFiles: number;
  readonly now: () => number;
  readonly progress: (progress: ScanProgress) => void;
}

/** Looks through a source and records its files, batch by batch, each with where it stands: broken off at any point, it goes on there. */
export class Scan {
  readonly #options: ScanOptions;
  #scan: OpenScan | undefined;
  #files: SeenFile[] = [];
  #found: SeenFinding[] = [];
  #unknown: string[] = [];
  #cursor: string | undefined;
  #settled = true;
  #putMs = 0;
  #entries = 0;

  constructor(options: ScanOptions) {
    this.#options = options;
  }

  /** Names or lines that this process looked at. */
  get entries(): number {
    return this.#entries;
  }

  /** How it stands; undefined: it was not begun. */
  async record(): Promise<ScanRecord | undefined> {
    return this.#scan && (await this.#options.writer.record(this.#scan));
  }

  /**
   * Rejects with the signal's reason, or with what is wrong with the source; what was seen until then is recorded, and the next run goes on.
   * @throws SourceListingError
   */
  async run(signal: AbortSignal): Promise<ScanRecord> {
    const { writer, source, listing, fresh, now } = this.#options;
    const scan = await writer.begin(source, listing.by, { fresh, fingerprint: listing.fingerprint, nowMs: now() });
    this.#scan = scan;
    this.#putMs = now();
    try {
      for await (const step of listing.steps(scan.cursor, signal)) await this.#take(scan, step);
    } catch (error) {
      // The first error tells more than what putting this can fail with; and what is not put is looked at again.
      await this.#put(scan).catch(() => undefined);
      throw error;
    }
    this.#settled = true;
    await this.#put(scan);
    await this.#mayEnd(scan);
    return await writer.end(scan, { nowMs: now, signal });
  }

  async #take(scan: OpenScan, step: ListingStep): Promise<void> {
    // What came before the disk began to hang is known.
    if (this.#settled && !step.settled) await this.#put(scan);
    this.#settled = step.settled;
    this.#files.push(...step.files);
    this.#found.push(...step.findings);
    this.#unknown.push(...step.unknown);
    this.#entries += step.entries;
    this.#cursor = step.cursor;
    const { now, source, progress } = this.#options;
    const rows = this.#files.length + this.#found.length;
    if (rows < batchRows && now() - this.#putMs < batchMs) return;
    await this.#put(scan);
    const { files, bytes, findings } = await this.#options.writer.record(scan);
    progress({ source, entries: this.#entries, files, bytes, findings, at: step.at });
  }

  async #put(scan: OpenScan): Promise<void> {
    if (!this.#settled) return;
    const { writer, listing, now } = this.#options;
    await listing.intact();
    for (const key of this.#unknown) await writer.keep(scan, key);
    await writer.put(scan, {
      files: this.#files,
      findings: this.#found,
      cursor: this.#cursor,
      nowMs: now(),
    });
    this.#files = [];
    this.#found = [];
    this.#unknown = [];
    this.#putMs = now();
  }

  /** The mount point of a disk, with a stray file or none, or another disk in its place must not look like one that was emptied. */
  async #mayEnd(scan: OpenScan): Promise<void> {
    const { writer, listing, fresh, hadFiles, source } = this.#options;
    const known = scan.before !== undefined && listing.fingerprint !== undefined;
    if (known && scan.before !== listing.fingerprint && !fresh && (await writer.misses(scan)))
      throw new SourceListingError('SOURCE_LOST', {
        found: `another disk is where the source ${source} was at the last scan, and it has not all of the files that were there`,
        expected: 'the same disk, or one with all of its files',
        todo: 'see whether the right disk is mounted; if this one has taken its place for good, say so with --fresh',
      });
    const { files } = await writer.record(scan);
    const least = hadFiles < manyFiles ? Math.min(1, hadFiles) : hadFiles / 2;
    if (files >= least || fresh) return;
    throw new SourceListingError('SOURCE_LOST', {
      found: `${files === 0 ? 'no file was' : `only ${files} files were`} found where the source ${source} had ${hadFiles}`,
      expected: 'most of the files that were there before',
      todo: 'see whether the right disk is mounted, and the manifest that of public/system; if so many are gone, say so with --fresh',
    });
  }
}
