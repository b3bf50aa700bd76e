import { moves } from './moves.ts';
import { brokenAtRest, brokenNow } from './properties.ts';
import { type Snapshot, start, type World } from './snapshot.ts';
import { type Numbered, States } from './states.ts';

export interface Exploration {
  readonly states: number;
  readonly atRest: number;
  /** How often a copy was at rest as copied, and a mutation acknowledged: an exploration that never gets there shows nothing. */
  readonly copiedAtRest: number;
  readonly ackedAtRest: number;
  /** By rule: how it came about, shortest first. */
  readonly violations: ReadonlyMap<string, readonly string[]>;
}

/**
 * Visits every state that can be reached, breadth first, and checks the invariants in each. `enough`: the rule whose first violation ends it.
 */
export function explore(world: World, enough?: (rule: string) => boolean): Exploration {
  const violations = new Map<string, string[]>();
  const seen = new States();
  const parents: number[] = [];
  const labels: string[] = [];
  const waiting: (Snapshot | undefined)[] = [];
  const count = { atRest: 0, copied: 0, acked: 0 };
  let over = false;

  const trace = (n: number): string[] => {
    const steps: string[] = [];
    for (let i = n; i >= 0; i = parents[i]!) steps.push(labels[i]!);
    return steps.reverse();
  };
  const violated = (rule: string, n: number, last?: string): void => {
    if (!violations.has(rule)) violations.set(rule, last === undefined ? trace(n) : [...trace(n), last]);
    over ||= enough?.(rule) ?? false;
  };
  const add = (s: Snapshot, label: string, from: Numbered | undefined): void => {
    if (seen.add(s, from) === undefined) return;
    parents.push(from?.n ?? -1);
    labels.push(label);
    waiting.push(s);
  };

  add(start(world), 'start', undefined);
  for (let n = 0; n < seen.size && !over; n++) {
    const s = waiting[n]!;
    waiting[n] = undefined;
    const from = { s, n };
    let onward = 0;
    for (const move of moves(world, s)) {
      if (!move.optional) onward += 1;
      for (const rule of move.broken ?? []) violated(rule, n, move.label);
      add(move.to, move.label, from);
    }
    for (const rule of brokenNow(world, s)) violated(rule, n);
    if (onward > 0) continue;
    count.atRest += 1;
    if (s.record.status === 'copied') count.copied += 1;
    if (s.clients.some((client) => client.at === 'acked')) count.acked += 1;
    for (const rule of brokenAtRest(world, s)) violated(rule, n);
  }
  return {
    states: seen.size,
    atRest: count.atRest,
    copiedAtRest: count.copied,
    ackedAtRest: count.acked,
    violations,
  };
}
