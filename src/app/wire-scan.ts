import { mkdirSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { Scan, type ScanProgress } from '../backfill/scan.ts';
import type { Config } from '../config/schema.ts';
import type { SourceConfig } from '../config/sources-schema.ts';
import { SteadyRate } from '../lib/steady-rate.ts';
import { ClaimedPaths } from '../sources/claimed-paths.ts';
import { DiskGate } from '../sources/disk-gate.ts';
import { DiskAbsentError, type DiskLink, lookAtDisk } from '../sources/disk-look.ts';
import { DiskWalk } from '../sources/disk-walk.ts';
import { Manifest } from '../sources/manifest.ts';
import { SourceReadError } from '../sources/source.ts';
import { type SourceListing, SourceListingError } from '../sources/source-listing.ts';
import { WalkDoor } from '../sources/walk-door.ts';
import { openFiles, openScanWriter } from './wire-files.ts';

type DiskConfig = Extract<SourceConfig, { type: 'disk' }>;

export interface ScannerOptions {
  readonly source: SourceConfig;
  /** What lists the source instead of a walk. */
  readonly manifest: AsyncIterable<Buffer> | undefined;
  /** Names in a second. */
  readonly rate: number;
  readonly fresh: boolean;
  readonly progress: (progress: ScanProgress) => void;
}

export interface Scanner {
  readonly scan: Scan;
  close(): Promise<void>;
}

/**
 * Everything that a scan of one source works with, beside a running `serve` or without one.
 * @throws SourceListingError SOURCE_ABSENT, SOURCE_HUNG
 */
export async function scanner(config: Config, options: ScannerOptions): Promise<Scanner> {
  const { source, manifest, rate, fresh, progress } = options;
  const listing = manifest ? new Manifest(manifest) : await walk(config, diskOnly(source), rate);
  const files = openFiles(config.state.dir);
  const had = (await files.totals()).find((total) => total.source === source.name);
  await files.close();
  const writer = openScanWriter(config.state.dir);
  return {
    scan: new Scan({ writer, source: source.name, listing, fresh, hadFiles: had?.files ?? 0, now: Date.now, progress }),
    close: () => writer.close(),
  };
}

function diskOnly(source: SourceConfig): DiskConfig {
  if (source.type === 'disk') return source;
  throw new SourceListingError('SOURCE_ABSENT', {
    found: `the source ${source.name} is not on this machine`,
    expected: 'a disk, or a manifest of what is there',
    todo: `give a manifest: upstairs scan --source ${source.name} --manifest FILE`,
  });
}

async function walk(config: Config, disk: DiskConfig, rate: number): Promise<SourceListing> {
  const { root, alsoAllow = [] } = disk;
  mkdirSync(config.state.dir, { recursive: true });
  const claimed = new ClaimedPaths(await realpath(config.state.dir));
  const links: { link: string; door: WalkDoor }[] = [];
  const whole = await doorTo(disk, root, alsoAllow, claimed);
  for (const { link, to } of alsoAllow) links.push({ link, door: await doorTo(disk, to, [], claimed) });
  return new DiskWalk({ root: whole, links, rate: new SteadyRate(rate) });
}

async function doorTo(disk: DiskConfig, path: string, links: readonly DiskLink[], claimed: ClaimedPaths) {
  const { name, maxOutstanding, maxLookups, deadline: deadlineMs } = disk;
  const absent = (why: string, cause?: unknown) =>
    new SourceListingError(
      'SOURCE_ABSENT',
      {
        found: `the disk ${name}: ${path} ${why}`,
        expected: 'the directory of the source, mounted and readable',
        todo: 'mount it, and scan again',
      },
      { cause },
    );
  const gate = new DiskGate({ maxOutstanding: 1, maxLookups: 1, maxWaiting: 1, deadlineMs });
  try {
    const seen = await gate.lookup(() => lookAtDisk(path, links));
    const refusal = claimed.claim(seen.path);
    if (refusal !== undefined) throw absent(refusal);
    return new WalkDoor({ ...seen, maxOutstanding, width: maxLookups, deadlineMs });
  } catch (error) {
    if (error instanceof DiskAbsentError) throw absent(error.message, error);
    if (!(error instanceof SourceReadError)) throw error;
    throw new SourceListingError(
      'SOURCE_HUNG',
      {
        found: `the disk ${name}: ${path} does not answer within ${deadlineMs} ms`,
        expected: 'a disk that answers',
        todo: 'look at it (dmesg -T, smartctl -a), and scan again when it answers',
      },
      { cause: error },
    );
  }
}
