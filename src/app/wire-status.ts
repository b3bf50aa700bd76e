import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { intentsIn } from '../marks/marks-peek.ts';
import type { CopyRate } from '../status/copy-rate.ts';
import { type Status, type StatusOptions, statusNow } from '../status/status.ts';
import type { TierCounter } from '../status/tier-counter.ts';
import { latencyOf } from './latency-of.ts';
import { openFiles } from './wire-files.ts';
import { openLedger } from './wire-ledger.ts';
import type { MediaParts } from './wire-media.ts';
import { openProof, type Proof } from './wire-proof.ts';
import type { Rest } from './wire-rest.ts';

interface ServingParts {
  readonly proof: Proof;
  readonly ledger: Ledger;
  readonly openIntents: () => Promise<number>;
  readonly media: Pick<MediaParts, 'inUse' | 'disks' | 'remotes'>;
  readonly rest: Pick<Rest, 'files' | 'drain'>;
  readonly counter: Pick<TierCounter, 'since'>;
  readonly rate: CopyRate;
  readonly now: () => number;
}

/** What operations took that ended within so many milliseconds counts as now. */
const latelyMs = 60_000;

/** The status as `serve` knows it. */
export function servingStatus(config: Config, parts: ServingParts): () => Promise<Status> {
  const { proof, ledger, openIntents, media, rest, counter, rate, now } = parts;
  const latencyMs = latencyOf(media);
  const servingMs = now();
  return () =>
    statusNow({
      ...configured(config),
      ...stored(proof),
      now,
      servingMs,
      ledger,
      openIntents,
      retired: async () => media.inUse.retired,
      tiers: (sinceMs) => counter.since(sinceMs),
      rate: () => rate.rate,
      backfill: async () => rest.drain?.facts(),
      files: rest.files,
      latencyMs: (name) => latencyMs(name, latelyMs),
    });
}

export interface StateView {
  /** `windowMs`: instead of the configured one. */
  status(windowMs?: number): Promise<Status>;
  readonly proof: Proof;
  close(): Promise<void>;
}

/** What the files of the state say, beside a running `serve` or without one. There must be a ledger. */
export function openState(config: Config): StateView {
  const { dir } = config.state;
  const ledger = openLedger(join(dir, 'ledger.db'));
  const proof = openProof(join(dir, 'ledger.db'));
  const marks = join(dir, 'marks.db');
  const files = openFiles(dir);
  return {
    proof,
    status: (windowMs = config.retire.quiet) =>
      statusNow({
        ...configured(config),
        ...stored(proof),
        windowMs,
        now: Date.now,
        servingMs: undefined,
        ledger,
        openIntents: async () => (existsSync(marks) ? intentsIn(marks) : 0),
        retired: async () => new Map((await proof.retired.all()).map(({ source, sinceMs }) => [source, sinceMs])),
        tiers: (sinceMs) => proof.shares.since(sinceMs),
        files,
      }),
    close: async () => {
      await files.close();
      await proof.close();
      await ledger.close();
    },
  };
}

function configured({
  phase,
  sources,
  retire,
}: Config): Pick<StatusOptions, 'phase' | 'sources' | 'windowMs' | 'proofMs'> {
  return { phase, sources: sources.map(({ name }) => name), windowMs: retire.quiet, proofMs: retire.proof };
}

function stored({ summary, use, verifications }: Proof): Pick<StatusOptions, 'summary' | 'use' | 'verifications'> {
  return { summary, use, verifications };
}
