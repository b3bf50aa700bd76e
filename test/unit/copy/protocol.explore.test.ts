import { describe, expect, test } from 'vitest';
import { step } from '../../../src/copy/protocol.ts';
import { type Exploration, explore, type Mutation, type World } from '../../support/copy-explorer.ts';

const all: Mutation[] = ['delete', 'put', 'acl-private', 'acl-public'];
const pairs = all.flatMap((a) => all.map((b) => [a, b] as Mutation[]));
const schedules: Mutation[][] = [[], ...all.map((a) => [a]), ...pairs];

const base: World = {
  rules: { conditional: true, looks: 2 },
  mutations: [],
  sourceAcl: 'public',
  crashes: 1,
  faults: 1,
  maxAttempts: 3,
};

function exploreAll(name: string, change: Partial<World>): Exploration[] {
  const found = schedules.map((mutations) => explore({ ...base, mutations, ...change }));
  const sum = (of: (e: Exploration) => number) => found.reduce((total, e) => total + of(e), 0);
  console.log(
    `copy protocol, ${name}: ${schedules.length} schedules, ${sum((e) => e.states)} states, ` +
      `${sum((e) => e.atRest)} at rest, ${sum((e) => e.copiedAtRest)} of them copied`,
  );
  return found;
}

function firstViolation(found: readonly Exploration[]): string {
  for (const { violations } of found)
    for (const [rule, trace] of violations) return `${rule}\n${trace.map((line, i) => `  ${i}. ${line}`).join('\n')}`;
  return 'none';
}

describe('every interleaving of a copy with marks changing under it, a crash, and lost or late answers', () => {
  const worlds: [string, Partial<World>][] = [
    ['a store that honours If-None-Match', {}],
    ['two faults, no crash', { crashes: 0, faults: 2 }],
    ['a store that ignores it', { rules: { conditional: false, looks: 2 } }],
    ['a file that is not for the public', { sourceAcl: 'private' }],
    ['another object in the bucket before', { before: 'other' }],
    ['the same bytes in the bucket before', { before: 'same' }],
    ['the same, unconditional', { before: 'other', rules: { conditional: false, looks: 2 } }],
  ];
  test.each(worlds)('%s: I2-I5 hold', (name, change) => {
    const found = exploreAll(name, change);
    expect(firstViolation(found)).toBe('none');
    if (change.before !== 'other') expect(found.reduce((n, e) => n + e.copiedAtRest, 0)).toBeGreaterThan(0);
  });
});

/** A step function with one rule taken out: the explorer has to notice. */
describe('a weakened protocol is found out', () => {
  const weakened: [string, string, typeof step, Partial<World>][] = [
    [
      'uploads without If-None-Match',
      'I2',
      (rules, state, event) => {
        const result = step(rules, state, event);
        if (result.effect?.type !== 'send') return result;
        return { ...result, effect: { ...result.effect, onlyIfAbsent: false } };
      },
      { before: 'other' },
    ],
    [
      'an attempt that is not durable before it is sent',
      'I3',
      (rules, state, event) => {
        const result = step(rules, state, event);
        if (result.effect?.type !== 'send') return result;
        const { save: _, ...rest } = result;
        return rest;
      },
      {},
    ],
    [
      'an unknown answer taken for a success',
      'I4',
      (rules, state, event) => {
        if (event.type !== 'answered' || event.answer.kind !== 'unknown') return step(rules, state, event);
        return step(rules, state, { ...event, answer: { kind: 'stored' } });
      },
      {},
    ],
    ['looks that end with the first', 'I3', (rules, state, event) => step({ ...rules, looks: 1 }, state, event), {}],
    [
      'a cancelled upload that nobody looks after',
      'I3',
      (rules, state, event) => {
        const result = step(rules, state, event);
        if (event.type !== 'cancel') return result;
        const { save: _, ...rest } = result;
        return { ...rest, state: { ...rest.state, look: state.look } };
      },
      { crashes: 0 },
    ],
    [
      'a mark that is not looked at before sending',
      'I3',
      (rules, state, event) => {
        const open = { generation: 0, below: 'open', shown: 'unset' } as const;
        if (event.type === 'begin' || event.type === 'spooled' || event.type === 'answered')
          return step(rules, state, { ...event, mark: open });
        return step(rules, state, event);
      },
      { crashes: 0, faults: 0 },
    ],
  ];
  test.each(weakened)('%s breaks %s', (_name, invariant, weak, change) => {
    const kinds = new Set<string>();
    for (const mutations of schedules)
      for (const rule of explore({ ...base, mutations, ...change, step: weak }).violations.keys()) kinds.add(rule);
    expect([...kinds].map((kind) => kind.slice(0, 2))).toContain(invariant);
  });
});
