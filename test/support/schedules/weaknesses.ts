import type { RecordChange } from '../../../src/ledger/ledger.ts';
import type { MarkRecord } from '../../../src/marks/marks.ts';
import type { Weakness } from './weakness.ts';

/** Steps of the protocol, each left out or done wrongly in one way. */
export const weaknesses: readonly (readonly [name: string, weakness: Weakness])[] = [
  ['an upload is not on record before it is sent', { ledgerChange: withoutAttempts }],
  ['an upload of unknown outcome is taken for done', { unknownCopy: 'stored' }],
  ['a mutation of unknown outcome is taken for done', { unknownMutation: 'done' }],
  ['a mutation of unknown outcome is taken for refused', { unknownMutation: 'refused' }],
  ['a mutation is not on record', { marksChange: withoutIntents }],
  ['what hides is not on record before it is forwarded', { marksChange: hidingNothing }],
  ['only the first look is taken', { ledgerChange: afterOneLook }],
  ['a restart looks for nothing', { forgetful: true }],
];

function withoutAttempts({ attempts, ...change }: RecordChange): RecordChange {
  return attempts?.length === 0 ? { ...change, attempts } : change;
}

/** That a completion has no condition is not on record. */
export function withConditions({ attempts, ...change }: RecordChange): RecordChange {
  return attempts ? { ...change, attempts: attempts.map((one) => ({ ...one, unconditional: false })) } : change;
}

function withoutIntents(_before: MarkRecord, after: MarkRecord): MarkRecord {
  return { ...after, intents: [] };
}

function hidingNothing({ mark, intents }: MarkRecord, after: MarkRecord): MarkRecord {
  if (after.intents.length <= intents.length) return after;
  return { ...after, mark: { ...mark, generation: after.mark.generation } };
}

function afterOneLook(change: RecordChange): RecordChange {
  return change.look ? { ...change, look: null } : change;
}
