import type { SourceFile } from '../../src/ledger/files.ts';
import { drawing, normal, seeded, shuffled } from './random.ts';

/** Files below, and who asked for which of them, in the order of time; as indices of the files. */
export interface Trace {
  readonly files: readonly SourceFile[];
  /** From `beganMs` to `halfMs`, and from there to as long after. */
  readonly first: readonly number[];
  readonly second: readonly number[];
  /** How often each file would be asked for, had chance had it otherwise: for orders that do not know the requests. */
  readonly otherwise: readonly (readonly number[])[];
  readonly beganMs: number;
  readonly halfMs: number;
}

/** By age in days. */
export const ages = {
  /** Names say nothing in any trace; here ages do not either. */
  nothing: () => 1,
  /** Half at a week, a tenth at two months. */
  slowly: (days: number) => 1 / (1 + days / 7),
  /** Four of ten requests are for what came in the last weeks, the others are for anything. */
  fast: (days: number) => 1 + 69 * Math.exp(-days / 12),
} as const;

export type Ages = keyof typeof ages;

export interface TraceOptions {
  readonly seed: number;
  readonly files: number;
  readonly requests: number;
  /** How much more a file is asked for than another one of the same rank, by its age. */
  readonly ages: Ages;
}

const dayMs = 86_400_000;
const halfMs = Date.UTC(2026, 0);
/** The half of a trace. */
const spanMs = 7 * dayMs;
/** The hottest dozen of files decide one trace: an order that does not know them is judged by so many. */
const chances = 40;
/** Age of the oldest file. */
const oldestMs = 3 * 365 * dayMs;

/** What a tree of Mastodon's is made of: share of the files, bytes in the middle, how much they differ (of the logarithm), and their names. */
const kinds = [
  { share: 0.08, bytes: 30_000, spread: 0.7, path: (id: string) => `accounts/avatars/${id}/original/a.png` },
  { share: 0.04, bytes: 120_000, spread: 0.7, path: (id: string) => `accounts/headers/${id}/original/a.png` },
  { share: 0.02, bytes: 15_000, spread: 0.8, path: (id: string) => `custom_emojis/images/${id}/original/a.png` },
  { share: 0.4, bytes: 350_000, spread: 0.9, path: (id: string) => `media_attachments/files/${id}/original/a.jpg` },
  { share: 0.43, bytes: 35_000, spread: 0.6, path: (id: string) => `media_attachments/files/${id}/small/a.jpg` },
  { share: 0.03, bytes: 8_000_000, spread: 1, path: (id: string) => `media_attachments/files/${id}/original/a.mp4` },
] as const;

/**
 * A trace with Zipf's popularity (the n-th file is asked for as 1/n), drawn at random over the files: neither their class nor their size says
 * how often one is asked for. With some `ages` it falls with the age besides.
 */
export function makeTrace({ seed, files: count, requests, ages: by }: TraceOptions): Trace {
  const random = seeded(seed);
  const files = Array.from({ length: count }, () => makeFile(random));
  const weights = () => {
    const ranks = shuffled(
      Array.from({ length: count }, (_, n) => n + 1),
      random,
    );
    return files.map(({ mtimeUs }, n) => {
      const ageMs = halfMs - spanMs - mtimeUs / 1000;
      return ages[by](ageMs / dayMs) / ranks[n]!;
    });
  };
  const draw = drawing(weights(), random);
  const asked = Array.from({ length: requests }, draw);
  return {
    files,
    first: asked.slice(0, requests / 2),
    second: asked.slice(requests / 2),
    otherwise: Array.from({ length: chances }, weights),
    beganMs: halfMs - spanMs,
    halfMs,
  };
}

function makeFile(random: () => number): SourceFile {
  const kind = pick(random());
  // All files were there before the trace began.
  const madeMs = halfMs - spanMs - Math.floor(random() * oldestMs);
  const size = Math.min(99_000_000, Math.round(kind.bytes * Math.exp(kind.spread * normal(random))));
  return { key: kind.path(idOf(madeMs, random)), source: 'disk', size, mtimeUs: madeMs * 1000, mode: 0o644 };
}

function pick(at: number) {
  let sum = 0;
  for (const kind of kinds) {
    sum += kind.share;
    if (at < sum) return kind;
  }
  return kinds[0];
}

/** As Mastodon makes ids: the time, and 16 bits more. */
function idOf(ms: number, random: () => number): string {
  const id = (BigInt(ms) << 16n) + BigInt(Math.floor(random() * 65_536));
  return String(id).replace(/(?=(?:\d{3})+$)(?!^)/g, '/');
}
