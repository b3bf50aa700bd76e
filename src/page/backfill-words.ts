import type { BackfillFacts } from '../backfill/facts.ts';
import { limitsText } from '../backfill/limits.ts';
import { bytesInWords, countInWords, minuteInWords, span } from '../lib/quantity-words.ts';
import type { Mood } from './live-update.ts';

const states: Readonly<Record<string, { words: string; mood: Mood }>> = {
  copying: { words: 'Carrying up', mood: 'busy' },
  paused: { words: 'Paused', mood: 'calm' },
  'slowed-down': { words: 'Waiting: the store asked to be asked less', mood: 'bad' },
  'sources-paused': { words: 'Waiting: the sources are left alone for a time', mood: 'bad' },
  planning: { words: 'Making the plan', mood: 'busy' },
  done: { words: 'Nothing is left in the plan', mood: 'good' },
  'no-plan': { words: 'Waiting for a first scan', mood: 'calm' },
};

export function stateOf({ drain }: BackfillFacts): { words: string; mood: Mood } {
  if (!drain) return { words: 'Nothing is carried up in phase: front', mood: 'calm' };
  return states[drain.state] ?? { words: drain.state, mood: 'calm' };
}

export function limitWords({ limits, limitsBy }: BackfillFacts): string {
  const whose = { hand: 'by hand', timetable: 'by the timetable', none: '' }[limitsBy];
  const text = limitsText(limits);
  return [text === 'full' ? 'none' : text, ...(whose ? [`(${whose})`] : [])].join(' ');
}

export function orderWords({ run, why, timetableChangesMs }: BackfillFacts): string {
  const change =
    timetableChangesMs === undefined ? '' : `; the timetable changes at ${minuteInWords(timetableChangesMs)}`;
  return `${run === 'running' ? 'run' : 'pause'} (${why})${change}`;
}

export function leftWords({ drain }: BackfillFacts): string {
  if (!drain?.left) return 'not known: no plan was made yet';
  return `${countInWords(drain.left.files)} files, ${bytesInWords(drain.left.bytes)}`;
}

export function etaWords({ drain }: BackfillFacts): string {
  if (drain?.state === 'done') return 'nothing';
  return drain?.eta ? `about ${span(drain.eta.ms)}` : 'not known: nothing was carried up lately';
}

/** How many copies at once from a source, or that it is left alone. */
export function paceWords({ drain }: BackfillFacts, source: string): string {
  const facts = drain?.sources.find((each) => each.source === source);
  if (!facts) return 'nothing is carried up from it';
  if (facts.pausedUntilMs !== undefined)
    return `left alone until ${minuteInWords(facts.pausedUntilMs)} (${facts.why ?? 'not known why'})`;
  return facts.concurrency === 1 ? 'one copy at a time' : `up to ${facts.concurrency} copies at once`;
}
