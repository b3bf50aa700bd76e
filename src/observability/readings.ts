import type { DrainFacts } from '../backfill/drain-facts.ts';
import type { IdentityState } from '../bucket/identity.ts';
import type { ScanRecord } from '../ledger/files.ts';
import type { CopyStatus } from '../ledger/ledger.ts';
import type { Listing } from '../ledger/objects.ts';

/** What is read at the moment of a scrape. */
export interface Readings {
  cache(): { bytes: number; objects: number };
  spool(): { memory: number; disk: number };
  disks(): readonly { source: string; outstanding: number; stuck: number }[];
  remotes(): readonly { source: string; asked: boolean; outstanding: number; waiting: number }[];
  /** Names of those that are configured, and whether each is in use. */
  sourcesInUse(): readonly { source: string; inUse: boolean }[];
  copiesActive(): number;
  identity(): IdentityState;
  openIntents(): Promise<number>;
  /** The backfill, where there is one. */
  backfill(): Promise<Pick<DrainFacts, 'standing' | 'sources' | 'waiting' | 'left'> | undefined>;
  ledger(): Promise<{
    byStatus: Readonly<Record<CopyStatus, number>>;
    openAttempts: number;
    looksDue: number;
    oldestWantedMs: number | undefined;
  }>;
  /** Undefined: the bucket is not listed by this program. */
  inventory(): Promise<Listing | undefined> | undefined;
  /** Of each source the newest scan that ended. */
  scans(): Promise<readonly ScanRecord[]>;
  now(): number;
}
