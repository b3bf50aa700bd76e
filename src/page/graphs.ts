import type { Sample } from '../history/history.ts';
import { bytesInWords, countInWords, minuteInWords } from '../lib/quantity-words.ts';
import { answeringTiers, percent, total } from '../status/status-words.ts';
import { answeredAbove } from './carried.ts';
import type { GraphData, GraphTable, Series } from './graph-data.ts';
import { type GraphSpan, graphSpans } from './graph-span.ts';

/** How much longer than a span nothing may have been measured, before it is a gap. */
const slack = 1.5;
/** What stands over the column of times. */
const until = 'until (UTC)';

/**
 * The graphs, from samples, oldest first.
 * @param coarse the same time in fewer samples: for tables.
 */
export function graphs(
  span: GraphSpan,
  nowMs: number,
  samples: readonly Sample[],
  coarse: readonly Sample[],
): GraphData {
  const { ms, words } = graphSpans[span];
  const points = withGaps(samples);
  const tiers = answeringTiers(samples.flatMap(({ answered }) => answered));
  const sources = [...new Set(samples.flatMap(({ sources: each }) => each.map(({ source }) => source)))].sort();
  const looks = [...new Set(['cache', 'bucket', ...sources, ...tiers])];
  const series = (name: string, value: (sample: Sample) => number | undefined): Series => ({
    name,
    look: Math.max(0, looks.indexOf(name)),
    values: points.map(({ sample }) => (sample && value(sample)) ?? null),
  });
  return {
    span,
    from: (nowMs - ms) / 1000,
    to: nowMs / 1000,
    times: points.map(({ atMs }) => atMs / 1000),
    series: {
      answers: tiers.map((tier) => series(tier, (sample) => perSecond(requestsOf(sample, tier), sample))),
      copies: [series('copied', (sample) => perSecond(sample.copied.bytes, sample))],
      latency: sources.map((source) => series(source, (sample) => latencyOf(sample, source))),
    },
    tables: {
      answers: answersTable(words, tiers, coarse),
      copies: copiesTable(words, coarse),
      latency: latencyTable(words, sources, coarse),
    },
  };
}

interface Point {
  readonly atMs: number;
  readonly sample: Sample | undefined;
}

/** Where the program did not run, nothing is drawn. */
function withGaps(samples: readonly Sample[]): Point[] {
  return samples.flatMap((sample, i) => {
    const before = samples[i - 1];
    const point = { atMs: sample.endMs, sample };
    const beganMs = sample.endMs - sample.spanMs;
    if (!before || beganMs - before.endMs <= sample.spanMs * (slack - 1)) return [point];
    return [{ atMs: (before.endMs + beganMs) / 2, sample: undefined }, point];
  });
}

function perSecond(amount: number, { spanMs }: Sample): number {
  return Math.round((amount / spanMs) * 1e6) / 1000;
}

function requestsOf({ answered }: Sample, tier: string): number {
  return answered.find((each) => each.tier === tier)?.requests ?? 0;
}

function latencyOf({ sources }: Sample, source: string): number | undefined {
  return sources.find((each) => each.source === source)?.latencyMs;
}

function answersTable(words: string, tiers: readonly string[], samples: readonly Sample[]): GraphTable {
  const answered = samples.flatMap((sample) => sample.answered);
  const whole = total(answered, 'requests');
  const of = (tier: string) => answered.reduce((sum, each) => sum + (each.tier === tier ? each.requests : 0), 0);
  const shares = tiers.map((tier) => `${tier} ${percent(of(tier), whole)}`);
  const { part } = answeredAbove(answered);
  return {
    summary:
      whole === 0
        ? `No reader was answered in ${words}.`
        : `In ${words} ${countInWords(whole)} answers, ${percent(part, whole)} of them from upstairs: ${shares.join(', ')}.`,
    head: [until, ...tiers],
    rows: samples.map((sample) => [
      moment(sample.endMs),
      ...tiers.map((tier) => countInWords(requestsOf(sample, tier))),
    ]),
  };
}

function copiesTable(words: string, samples: readonly Sample[]): GraphTable {
  const sum = (of: (sample: Sample) => number) => samples.reduce((all, sample) => all + of(sample), 0);
  const files = sum(({ copied }) => copied.files);
  const failed = sum((sample) => sample.failed);
  return {
    summary:
      files + failed === 0
        ? `Nothing was copied in ${words}.`
        : `In ${words} ${countInWords(files)} files were copied, ${bytesInWords(sum(({ copied }) => copied.bytes))}; ${countInWords(failed)} were given up.`,
    head: [until, 'files', 'bytes', 'given up'],
    rows: samples.map(({ endMs, copied, failed: lost }) => [
      moment(endMs),
      countInWords(copied.files),
      bytesInWords(copied.bytes),
      countInWords(lost),
    ]),
  };
}

function latencyTable(words: string, sources: readonly string[], samples: readonly Sample[]): GraphTable {
  const worst = sources.flatMap((source) => {
    const known = samples.flatMap((sample) => latencyOf(sample, source) ?? []);
    return known.length === 0 ? [] : [`${source} ${milliseconds(Math.max(...known))}`];
  });
  return {
    summary:
      worst.length === 0
        ? `No source was asked in ${words}.`
        : `The slowest of ${words}, as nine of ten operations took it at most: ${worst.join(', ')}.`,
    head: [until, ...sources],
    rows: samples.map((sample) => [
      moment(sample.endMs),
      ...sources.map((source) => milliseconds(latencyOf(sample, source))),
    ]),
  };
}

function moment(ms: number): string {
  return minuteInWords(ms).slice(5, 16);
}

function milliseconds(ms: number | undefined): string {
  return ms === undefined ? '-' : `${ms.toFixed(1)} ms`;
}
