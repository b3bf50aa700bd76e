import type { DrainFacts } from '../backfill/drain-facts.ts';
import type { IdentityState } from '../bucket/identity.ts';
import type { ScanRecord } from '../ledger/files.ts';
import type { LedgerCounts } from '../ledger/ledger.ts';
import type { Weight } from '../ledger/ledger-summary.ts';
import type { Listing } from '../ledger/objects.ts';
import type { KnownUse, Verification } from '../ledger/proof.ts';
import type { StateSpace } from '../status/state-space.ts';

/** What is read at the moment of a scrape. Each is quick, however many files there are; times in milliseconds. */
export interface Readings {
  cache(): { bytes: number; objects: number };
  spool(): { memory: number; disk: number };
  disks(): readonly { source: string; outstanding: number; stuck: number }[];
  remotes(): readonly { source: string; asked: boolean; outstanding: number; waiting: number }[];
  /** All that are configured: whether each is in use, and whether it can be asked now. */
  sources(): readonly { source: string; inUse: boolean; available: boolean }[];
  copiesActive(): number;
  /** How long the store's "SlowDown" holds copies up. */
  slowDownMs(): number;
  identity(): IdentityState;
  /** It can do its work: what `/readyz` says. */
  ready(): boolean;
  openIntents(): Promise<number>;
  /** When the key that was left longest with an open intent was last changed. */
  oldestIntentMs(): Promise<number | undefined>;
  /** The backfill, where there is one. */
  backfill(): Promise<Pick<DrainFacts, 'state' | 'standing' | 'sources' | 'waiting' | 'left' | 'eta'> | undefined>;
  ledger(): Promise<LedgerCounts>;
  weights(): Promise<readonly Weight[]>;
  /** Undefined: the bucket is not listed by this program. */
  inventory(): Promise<Listing | undefined> | undefined;
  /** Of each source the newest scan that ended. */
  scans(): Promise<readonly ScanRecord[]>;
  /** How often this program looks by itself; undefined: it does not, now. */
  intervals(): {
    readonly scanMs: number | undefined;
    readonly listMs: number | undefined;
    readonly disks: readonly string[];
  };
  /** Of each source that is configured, who needed it, and what was last proven. */
  proofs(): Promise<readonly { source: string; use: KnownUse | undefined; verification: Verification | undefined }[]>;
  state(): Promise<StateSpace>;
  now(): number;
}
