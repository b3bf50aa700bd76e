import type { Sample } from '../history/history.ts';
import { copyReasons } from '../ledger/copy-reasons.ts';
import type { FailureCount } from '../ledger/failures.ts';
import { bytesInWords, countInWords, minuteInWords, span } from '../lib/quantity-words.ts';
import type { SourceStatus, Status } from '../status/status.ts';
import {
  answeringTiers,
  neededWords,
  percent,
  rateWords,
  share,
  short,
  total,
  verdictWords,
  verifiedWords,
} from '../status/status-words.ts';
import { etaWords, leftWords, limitWords, orderWords, paceWords, stateOf } from './backfill-words.ts';
import { answeredAbove, type Carried, carried, upstairsPart } from './carried.ts';
import type { LiveUpdate, Mood, TableRow } from './live-update.ts';
import type { PageFacts } from './page-facts.ts';

/** Everything that moves on the operator's page, in words. Pure. */
export function pageView(facts: PageFacts): LiveUpdate {
  const { status, backfill } = facts;
  const amounts = carried(status);
  const state = stateOf(backfill);
  const perSource = status.sources.map((source, i) => sourceView(source, i, facts));
  return {
    fields: {
      ...heading(status),
      ...howMuch(amounts, status),
      ...copying(facts),
      ...store(facts),
      'failures.sum': failuresWords(facts.failures),
      'readers.sum': `${countInWords(total(status.tiers.hour, 'requests'))} answers in the last hour`,
      ...Object.assign({}, ...perSource.map(({ fields }) => fields)),
    },
    meters: meters(amounts, status),
    lists: Object.assign({}, ...perSource.map(({ lists }) => lists)),
    tables: { tiers: tiers(status), failures: failures(facts.failures) },
    moods: {
      backfill: state.mood,
      store: storeErrors(facts.hour) > 0 ? 'bad' : 'good',
      ...Object.assign({}, ...perSource.map(({ moods }) => moods)),
    },
    gist: gist(amounts, status, state.words),
  };
}

function heading({ atMs, servingMs, phase }: Status) {
  return {
    at: minuteInWords(atMs),
    phase: phase === 'front' ? 'phase: front (nothing is copied)' : 'phase: move',
    serving: servingMs === undefined ? 'serve does not run' : `serving for ${span(atMs - servingMs)}`,
  };
}

/** The meters that say how much is upstairs, and what stands beside them; the public page has them too. */
export function howMuch({ above, below }: Carried, { tiers }: Pick<Status, 'tiers'>) {
  const of = (part: string, whole: string | undefined) => (whole === undefined ? part : `${part} of ${whole}`);
  const sum = (what: 'files' | 'bytes') => below && above[what] + below[what];
  const files = sum('files');
  const bytes = sum('bytes');
  const [hour, day, all] = [tiers.hour, tiers.day, tiers.all].map((shares) => answeredAbove(shares));
  const part = (shares: typeof hour) => (shares ? percent(shares.part, shares.whole) : '-');
  return {
    'requests.percent': hour?.whole === 0 ? 'no reader' : part(hour),
    'requests.words': hour?.whole === 0 ? 'asked in the last hour' : 'of answers in the last hour came from upstairs',
    'requests.before': `last 24 h ${part(day)}, in all ${part(all)}`,
    'bytes.percent': bytes === undefined ? bytesInWords(above.bytes) : percent(above.bytes, bytes),
    'bytes.words': below ? 'of the bytes are upstairs' : 'are upstairs',
    'bytes.amount':
      bytes === undefined
        ? 'of how much is not known before the first plan'
        : of(bytesInWords(above.bytes), bytesInWords(bytes)),
    'files.percent': files === undefined ? countInWords(above.files) : percent(above.files, files),
    'files.words': below ? 'of the files are upstairs' : 'files are upstairs',
    'files.amount':
      files === undefined
        ? 'of how many is not known before the first plan'
        : of(countInWords(above.files), countInWords(files)),
  };
}

export function meters(amounts: Carried, { tiers }: Pick<Status, 'tiers'>): Record<string, number | null> {
  const { part, whole } = answeredAbove(tiers.hour);
  return {
    requests: whole === 0 ? null : part / whole,
    bytes: upstairsPart(amounts, 'bytes'),
    files: upstairsPart(amounts, 'files'),
  };
}

function copying({ status, backfill }: PageFacts) {
  const { drain } = backfill;
  return {
    'copy.state': stateOf(backfill).words,
    'copy.order': orderWords(backfill),
    'copy.limit': limitWords(backfill),
    'copy.rate': status.rate ? rateWords(status.rate) : 'not known yet',
    'copy.left': leftWords(backfill),
    'copy.eta': etaWords(backfill),
    'copy.eta.if': drain?.eta ? `if ${drain.eta.assuming}` : '',
    'copy.since': drain
      ? `${countInWords(drain.copied.files)} files, ${bytesInWords(drain.copied.bytes)}, and ${countInWords(drain.waiting)} in hand`
      : '-',
    'copy.wait':
      status.oldestWantedMs === undefined
        ? 'no copy waits'
        : `${span(Math.max(0, status.atMs - status.oldestWantedMs))}`,
  };
}

function store(facts: PageFacts) {
  const { openAttempts, openIntents } = facts.status;
  return {
    'store.errors': `${countInWords(storeErrors(facts.hour))} in the last hour, ${countInWords(storeErrors(facts.day))} in the last 24 h`,
    'store.attempts': openAttempts === 0 ? 'none' : `${countInWords(openAttempts)}: serve looks what became of them`,
    'store.intents': openIntents === 0 ? 'none' : `${countInWords(openIntents)}: serve looks what became of them`,
  };
}

function storeErrors(samples: readonly Sample[]): number {
  return samples.reduce((sum, { storeErrors: errors }) => sum + errors, 0);
}

function tiers({ tiers: { hour, day, all } }: Status): TableRow[] {
  const names = answeringTiers(all);
  if (names.length === 0) return [];
  const periods = [hour, day, all];
  return [
    ...names.map((tier) => ({
      key: tier,
      cells: [tier, ...periods.flatMap((each) => [share(each, tier, 'requests'), share(each, tier, 'bytes')])],
    })),
    // No source can have this name.
    {
      key: '',
      cells: [
        'in all',
        ...periods.flatMap((each) => [short(total(each, 'requests')), bytesInWords(total(each, 'bytes'))]),
      ],
    },
  ];
}

function failures(counts: readonly FailureCount[] | undefined): TableRow[] {
  return (counts ?? []).map(({ reason, state, keys }) => ({
    key: `${reason} ${state}`,
    cells: [
      reason,
      countInWords(keys),
      state === 'waiting' ? 'tried again by themselves' : 'given up',
      `${copyReasons[reason].means}. To do: ${copyReasons[reason].todo}.`,
    ],
  }));
}

function failuresWords(counts: readonly FailureCount[] | undefined): string {
  if (!counts) return 'being counted';
  const of = (state: FailureCount['state']) =>
    counts.filter((count) => count.state === state).reduce((sum, { keys }) => sum + keys, 0);
  if (counts.length === 0) return 'Nothing that could not be copied.';
  return `${countInWords(of('given-up'))} given up, ${countInWords(of('waiting'))} tried again by themselves.`;
}

function sourceView(source: SourceStatus, i: number, facts: PageFacts) {
  const { name, use, verification, latencyMs, retiredMs, unplug } = source;
  const { atMs } = facts.status;
  const at = `source.${i}`;
  const errors = (samples: readonly Sample[]) =>
    samples.flatMap(({ sources }) => sources).reduce((sum, each) => sum + (each.source === name ? each.errors : 0), 0);
  const lately = errors(facts.hour);
  const mood: Mood = unplug.safe ? 'good' : lately > 0 ? 'bad' : 'calm';
  return {
    fields: {
      [`${at}.verdict`]: verdictWords(source),
      [`${at}.latency`]: latencyMs === undefined ? 'nothing was asked of it lately' : `${latencyMs.toFixed(1)} ms`,
      [`${at}.errors`]: `${countInWords(lately)} in the last hour, ${countInWords(errors(facts.day))} in the last 24 h`,
      [`${at}.needed`]: use ? neededWords(use, atMs) : 'not watched yet',
      [`${at}.quiet`]: use && retiredMs === undefined ? `${span(use.quietMs)} in which serve ran` : '-',
      [`${at}.verified`]: verification ? verifiedWords(verification) : 'never',
      [`${at}.pace`]: retiredMs === undefined ? paceWords(facts.backfill, name) : 'retired',
    },
    lists: { [`${at}.why`]: unplug.reasons.map(({ why, todo }) => `${why}: ${todo}`) },
    moods: { [at]: mood },
  };
}

function gist(amounts: Carried, status: Status, state: string): string {
  const words = howMuch(amounts, status);
  return `${state}. ${words['files.percent']} ${words['files.words']}, ${words['requests.percent']} ${words['requests.words']}.`;
}
