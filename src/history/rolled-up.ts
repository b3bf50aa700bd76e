import type { TierShare } from '../ledger/tier-shares.ts';
import type { Sample, SourceSample } from './history.ts';

/**
 * Samples as one, at least one of them and in whatever order: sums of what was counted, the worst of what was measured, and how things stood
 * at the end, as far as that was known. `spanMs` is for how long it was counted: less than from the first beginning to the last end where
 * something lies between.
 */
export function rolledUp(samples: readonly [Sample, ...Sample[]]): Sample {
  if (samples.length === 1) return samples[0];
  const ordered = samples.toSorted((one, other) => one.endMs - other.endMs);
  const sum = (of: (sample: Sample) => number) => ordered.reduce((total, sample) => total + of(sample), 0);
  return {
    endMs: ordered.at(-1)!.endMs,
    spanMs: sum(({ spanMs }) => spanMs),
    answered: byName(
      ordered.flatMap(({ answered }) => answered),
      ({ tier }) => tier,
      sumOfShares,
    ),
    copied: { files: sum(({ copied }) => copied.files), bytes: sum(({ copied }) => copied.bytes) },
    failed: sum(({ failed }) => failed),
    storeErrors: sum(({ storeErrors }) => storeErrors),
    sources: byName(
      ordered.flatMap(({ sources }) => sources),
      ({ source }) => source,
      worstOf,
    ),
    above: ordered.findLast(({ above }) => above !== undefined)?.above,
    below: ordered.findLast(({ below }) => below !== undefined)?.below,
  };
}

/** The number of the span of so many milliseconds that a moment falls into; a span's own end is in it. */
export function spanNumber(endMs: number, widthMs: number): number {
  return Math.ceil(endMs / widthMs);
}

/** From here on only whole multiples of the last, in milliseconds: what people read off an axis. */
const widths = [10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 10_800_000, 21_600_000, 86_400_000];

/** How wide spans must be, so that there are at most so many of them between two moments. In milliseconds. */
export function widthFor(firstMs: number, lastMs: number, atMost: number): number {
  const fits = (widthMs: number) => spanNumber(lastMs, widthMs) - spanNumber(firstMs, widthMs) < atMost;
  const day = widths.at(-1)!;
  let width = widths.find(fits) ?? day;
  while (!fits(width)) width *= 2;
  return width;
}

function sumOfShares(one: TierShare, other: TierShare): TierShare {
  return { tier: one.tier, requests: one.requests + other.requests, bytes: one.bytes + other.bytes };
}

function worstOf(one: SourceSample, other: SourceSample): SourceSample {
  const known = [one, other].flatMap(({ latencyMs }) => (latencyMs === undefined ? [] : [latencyMs]));
  return {
    source: one.source,
    latencyMs: known.length === 0 ? undefined : Math.max(...known),
    errors: one.errors + other.errors,
  };
}

function byName<T>(all: readonly T[], nameOf: (one: T) => string, join: (one: T, other: T) => T): T[] {
  const found = new Map<string, T>();
  for (const one of all) {
    const before = found.get(nameOf(one));
    found.set(nameOf(one), before === undefined ? one : join(before, one));
  }
  return [...found.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}
