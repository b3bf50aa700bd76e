import type { KnownUse, Verification } from '../ledger/proof.ts';
import type { TierShare } from '../ledger/tier-shares.ts';
import { bytesInWords, minuteInWords, span } from '../lib/quantity-words.ts';
import type { Rate } from './copy-rate.ts';
import type { SourceStatus } from './status.ts';

/* What the status has, in words that the command and the pages share. */

/** Says by a colour how it stands, or leaves a text as it is. */
export type Paint = (mood: 'good' | 'doubtful', text: string) => string;

export const plain: Paint = (_, text) => text;

/** `123K`, `1.2M`: for columns. */
export function short(n: number): string {
  return n.toLocaleString('en-US', { notation: 'compact', maximumFractionDigits: 1 });
}

/** `4.2%`; `-` of nothing. What is more than nothing never looks as if it were not, nor what is less than all as if it were all. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '-';
  const value = (100 * part) / whole;
  if (value > 0 && value < 0.1) return '<0.1%';
  return value < 100 && value > 99.9 ? '>99.9%' : `${value.toFixed(1)}%`;
}

export function share(shares: readonly TierShare[], tier: string, of: 'requests' | 'bytes'): string {
  return percent(shares.find((each) => each.tier === tier)?.[of] ?? 0, total(shares, of));
}

/** Of those that a tier answered. */
export function total(shares: readonly TierShare[], of: 'requests' | 'bytes'): number {
  return shares.reduce((sum, each) => sum + (each.tier === 'none' ? 0 : each[of]), 0);
}

/** Those that answered somebody: what is upstairs first, then the sources by name. */
export function answeringTiers(shares: readonly TierShare[]): string[] {
  const names = [...new Set(shares.map(({ tier }) => tier))].filter((tier) => tier !== 'none');
  return names.sort((a, b) => floor(a) - floor(b) || (a < b ? -1 : 1));
}

function floor(tier: string): number {
  return ['cache', 'bucket'].indexOf(tier) + 1 || 3;
}

export function rateWords({ objectsPerSecond, bytesPerSecond, overMs }: Rate): string {
  return `${objectsPerSecond.toFixed(1)} objects/s, ${bytesInWords(bytesPerSecond)}/s in the last ${span(overMs)}`;
}

export function neededWords({ lastMs, watchedMs }: KnownUse, atMs: number): string {
  return lastMs === undefined
    ? `by nobody since ${minuteInWords(watchedMs)}`
    : `${span(Math.max(0, atMs - lastMs))} ago`;
}

export function verifiedWords({ endedMs, clean, mode, percent }: Verification): string {
  return `${minuteInWords(endedMs)}, ${clean ? 'clean' : 'not clean'} (${mode}${percent > 0 ? ` ${percent} %` : ''})`;
}

/** `paint`: how a verdict is told apart where there are colours. */
export function verdictWords({ name, retiredMs, unplug }: SourceStatus, paint: Paint = plain): string {
  const yes = `safe to unplug: ${paint('good', 'yes')}`;
  if (retiredMs !== undefined) return `${yes}, retired since ${minuteInWords(retiredMs)}`;
  if (unplug.safe) return `${yes}, once it is retired (upstairs retire ${name} --yes)`;
  return `safe to unplug: ${paint('doubtful', 'no')}, because`;
}
