import { type MarkChange, marked } from '../../../src/protocol/marking.ts';
import { intendedAcl } from '../../../src/protocol/state.ts';
import { step } from '../../../src/protocol/step.ts';
import { apart, over, type Weakened, withoutIntents } from './weakened.ts';

/** Rules of mutations, each taken out of the step or of what it does to marks. */
export const weakenedMutations: readonly Weakened[] = [
  {
    rule: 'a mutation is on record before it is forwarded',
    breaks: 'I3',
    world: {},
    schedules: [['delete']],
    step: apart('mutate', ({ marks: _, ...result }) => result),
  },
  {
    rule: 'its intent is on record, not only what it hides',
    breaks: 'I3 gone, but in the bucket',
    world: { faults: 0 },
    schedules: [['delete']],
    step: apart('mutate', (result, _, { intent }) => closing(result, [intent.id])),
  },
  {
    rule: 'what hides is on record before it is forwarded, not only its intent',
    breaks: 'I3 deleted last',
    world: {},
    schedules: [['delete']],
    marked: (record, change) => {
      if (change.type === 'intend')
        return { ...marked(record, change), mark: { ...record.mark, generation: record.mark.generation + 1 } };
      const done = change.type === 'settle' ? record.intents.find(({ id }) => id === change.id) : undefined;
      if (done?.kind !== 'delete') return marked(record, change);
      return marked({ ...record, mark: { ...record.mark, below: 'closed', shown: 'gone' } }, change);
    },
  },
  {
    rule: 'an upload shows and closes only once it has landed',
    breaks: 'I5 nothing took effect',
    world: {},
    schedules: [['put']],
    step: apart('mutate', (result, _, { intent }) =>
      intent.kind === 'put'
        ? { ...result, marks: [...(result.marks ?? []), { type: 'settle', id: intent.id }] }
        : result,
    ),
  },
  {
    rule: 'an unknown answer is no refusal',
    breaks: 'I3',
    world: {},
    schedules: [['put'], ['put', 'delete'], ['delete']],
    step: (rules, state, event) =>
      step(
        rules,
        state,
        event.type === 'forwarded' && event.answer === 'unknown' ? { ...event, answer: 'refused' } : event,
      ),
  },
  {
    rule: 'an unknown answer is no success',
    breaks: 'I3',
    world: {},
    schedules: [['delete']],
    step: (rules, state, event) =>
      step(
        rules,
        state,
        event.type === 'forwarded' && event.answer === 'unknown' ? { ...event, answer: 'done' } : event,
      ),
  },
  {
    rule: 'what hides is recorded without the lease',
    breaks: 'I3',
    world: {},
    schedules: [['delete'], ['acl-private']],
    step: (rules, state, event) =>
      event.type === 'hide' ? { state, outcome: { type: 'mutated', as: 'recorded' } } : step(rules, state, event),
  },
  {
    rule: 'what was decided since is not undone',
    breaks: 'I3 hidden last',
    world: { refusals: 1, crashes: 0 },
    schedules: [['delete', 'acl-private']],
    marked: (record, change) => {
      const intent = change.type === 'undo' && record.intents.find(({ id }) => id === change.id);
      return intent
        ? marked({ ...record, mark: { ...record.mark, generation: intent.generation } }, change)
        : marked(record, change);
    },
  },
  {
    rule: 'what was decided since is not shown by what settles',
    breaks: 'I3',
    world: { crashes: 0 },
    schedules: [
      ['put', 'acl-private'],
      ['put', 'delete'],
    ],
    marked: (record, change) => {
      const intent = change.type === 'settle' && record.intents.find(({ id }) => id === change.id);
      if (!intent) return marked(record, change);
      const { generation } = record.mark;
      const after = marked({ ...record, mark: { ...record.mark, generation: intent.generation } }, change);
      return { ...after, mark: { ...after.mark, generation } };
    },
  },
  {
    rule: 'no upload passes while a DELETE may still land',
    breaks: 'I2 an acknowledged upload is lost',
    world: { crashes: 0 },
    schedules: [['delete', 'put']],
    step: (rules, state, event) =>
      event.type === 'mutate' && event.intent.kind === 'put'
        ? step(rules, { ...withoutIntents(state, 'delete'), deleting: false }, event)
        : step(rules, state, event),
  },
  {
    rule: 'no upload passes while a DELETE of ours may still land',
    breaks: 'I2 an acknowledged upload is lost',
    world: {},
    schedules: [['delete', 'put']],
    step: (rules, state, event) =>
      event.type === 'mutate' && event.intent.kind === 'put'
        ? step(rules, { ...state, deleting: false }, event)
        : step(rules, state, event),
  },
  {
    rule: 'no upload passes while an unconditional one of ours may still land',
    breaks: 'I2',
    world: { ...over, crashes: 0 },
    schedules: [['put']],
    step: (rules, state, event) =>
      event.type === 'mutate' ? step(rules, { ...state, attempts: [] }, event) : step(rules, state, event),
  },
  {
    rule: 'an upload that has not landed is not given up before the last look',
    breaks: 'I3 uploaded, and sources may still be used',
    world: {},
    schedules: [['put']],
    step: apart('looked', (result, state) =>
      closing(
        result,
        state.marks.intents.filter(({ kind }) => kind === 'put').map(({ id }) => id),
      ),
    ),
  },
  {
    rule: 'nothing is deleted while an upload may land in between',
    breaks: 'I2 what was uploaded is lost',
    world: {},
    schedules: [['delete', 'put']],
    step: (rules, state, event) => {
      if (event.type !== 'looked' || event.look.kind !== 'object') return step(rules, state, event);
      const landed = state.marks.intents.some(
        ({ id }) => event.look.kind === 'object' && id === event.look.facts.intentId,
      );
      return step(rules, landed ? state : withoutIntents(state, 'put'), event);
    },
  },
  {
    rule: 'only what is gone is deleted',
    breaks: 'I2 what a client uploaded was deleted',
    world: {},
    schedules: [['put']],
    step: (rules, state, event) => {
      const result = step(rules, state, event);
      if (event.type !== 'looked' || event.look.kind !== 'object' || result.state.marks.mark.below === 'open')
        return result;
      const { mark, intents } = state.marks;
      return step(
        rules,
        {
          ...state,
          marks: { mark: { ...mark, shown: 'gone' }, intents: intents.filter(({ kind }) => kind !== 'put') },
        },
        event,
      );
    },
  },
  {
    rule: 'what a late copy or upload brings is made private again',
    breaks: 'I3 private, but public',
    world: {},
    schedules: [['acl-private']],
    step: (rules, state, event) => {
      if (event.type !== 'looked' || event.look.kind !== 'object') return step(rules, state, event);
      const { facts } = event.look;
      return step(rules, state, {
        ...event,
        look: { ...event.look, facts: { ...facts, acl: intendedAcl(state.marks.mark, facts.acl) } },
      });
    },
  },
  {
    rule: 'an upload that landed closes the sources',
    breaks: 'I3 uploaded, and sources may still be used',
    world: {},
    schedules: [['put']],
    step: (rules, state, event) => {
      if (event.type !== 'looked' || event.look.kind !== 'object') return step(rules, state, event);
      const { intentId: _, ...facts } = event.look.facts;
      return step(rules, state, { ...event, look: { ...event.look, facts } });
    },
  },
  {
    rule: 'a restart looks after open mutations',
    breaks: 'I3',
    world: { faults: 0 },
    schedules: [['delete'], ['acl-private']],
    step: (rules, state, event) =>
      step(rules, event.type === 'restarted' ? { ...state, marks: { ...state.marks, intents: [] } } : state, event),
  },
  {
    rule: 'the answer to a second DELETE of ours says nothing of the first',
    breaks: 'I2 an acknowledged upload is lost',
    world: {},
    schedules: [['delete', 'put']],
    step: (rules, state, event) =>
      step(
        rules,
        event.type === 'mended' && state.stage.at === 'mending'
          ? { ...state, stage: { ...state.stage, first: true } }
          : state,
        event,
      ),
  },
  {
    rule: 'the answer to a second DELETE of a client says nothing of the first',
    breaks: 'I2 an acknowledged upload is lost',
    world: { crashes: 0, inARow: true },
    schedules: [['delete', 'delete', 'put']],
    marked: (record, change) => {
      const settling = change.type === 'settle' && record.intents.find(({ id }) => id === change.id);
      const after = marked(record, change);
      return settling ? { ...after, intents: after.intents.filter(({ kind }) => kind !== settling.kind) } : after;
    },
  },
  {
    rule: 'what was cached is purged',
    breaks: 'I3 a new reader is shown what was hidden, from the cache',
    world: { purgeLeaves: 'cache', crashes: 0, faults: 0 },
    schedules: [['delete']],
  },
  {
    rule: 'what is under way to the cache is not stored after a purge',
    breaks: 'I3 a new reader is shown what was hidden, from the cache',
    world: { purgeLeaves: 'fills', crashes: 0, faults: 0 },
    schedules: [['delete']],
  },
];

/** The step, and then nothing more comes of these. */
function closing<R extends { readonly marks?: readonly MarkChange[] }>(result: R, ids: readonly string[]): R {
  return ids.length === 0 ? result : { ...result, marks: [...(result.marks ?? []), { type: 'close', ids }] };
}
