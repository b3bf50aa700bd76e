import { realpathSync, statSync } from 'node:fs';
import type { SeenFile, SeenFinding } from '../../src/ledger/scan-writer.ts';
import { SteadyRate } from '../../src/lib/steady-rate.ts';
import { directoryIn } from '../../src/sources/directory-identity.ts';
import { DiskWalk } from '../../src/sources/disk-walk.ts';
import type { ListingStep, SourceListing } from '../../src/sources/source-listing.ts';
import { WalkDoor, type WalkDoorOptions } from '../../src/sources/walk-door.ts';

export interface Walked {
  readonly files: SeenFile[];
  readonly findings: SeenFinding[];
  readonly unknown: string[];
  readonly steps: ListingStep[];
}

/** A walk of this directory as it is now, at full speed. */
export function walkOf(
  root: string,
  { links = {}, ...limits }: { links?: Record<string, string> } & Partial<WalkDoorOptions> = {},
): DiskWalk {
  const door = (directory: string) => {
    const path = realpathSync(directory);
    const identity = directoryIn(statSync(path, { bigint: true }));
    return new WalkDoor({ path, ...identity, maxOutstanding: 4, width: 3, deadlineMs: 10_000, ...limits });
  };
  return new DiskWalk({
    root: door(root),
    links: Object.entries(links).map(([link, to]) => ({ link, door: door(to) })),
    rate: new SteadyRate(1_000_000),
  });
}

/** All that a listing tells from a cursor on. */
export async function walked(listing: SourceListing, cursor?: string): Promise<Walked> {
  const all: Walked = { files: [], findings: [], unknown: [], steps: [] };
  for await (const step of listing.steps(cursor, new AbortController().signal)) {
    all.files.push(...step.files);
    all.findings.push(...step.findings);
    all.unknown.push(...step.unknown);
    all.steps.push(step);
  }
  return all;
}
