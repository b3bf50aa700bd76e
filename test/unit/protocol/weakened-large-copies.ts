import type { Step } from '../../../src/protocol/state.ts';
import { step } from '../../../src/protocol/step.ts';
import type { World } from '../../support/explorer/snapshot.ts';
import { over, type Weakened } from './weakened.ts';

/** Its upload is completed by a request without a condition, though the store knows conditions. */
const large: Partial<World> = { inParts: ['source'] };
const rewritten: Partial<World> = { changes: true, crashes: 0 };

/** Rules of uploads that have no condition, each taken out of the step. */
export const weakenedLargeCopies: readonly Weakened[] = [
  {
    rule: 'an unconditional upload is sent only where a look finds nothing',
    breaks: 'I2 a copy overwrote',
    world: { ...over, before: 'other' },
    schedules: [[]],
    step: unlooked('spooled'),
  },
  {
    rule: 'parts are completed only where another look finds nothing',
    breaks: 'I2 a copy overwrote',
    world: { ...large, arrives: true, crashes: 0, faults: 0 },
    schedules: [[]],
    step: unlooked('parts-sent'),
  },
  {
    rule: 'a large file goes up only where a look finds nothing',
    breaks: 'I2 a copy overwrote',
    world: { ...large, before: 'other' },
    schedules: [[]],
    step: (rules, state, event) => unlooked('parts-sent')(rules, state, event, unlooked('spooled')),
  },
  {
    rule: 'no unconditional upload is begun while another is unsettled',
    breaks: 'I4 copied, but the bucket holds other bytes',
    world: { ...rewritten, inParts: ['source', 'rewritten'] },
    schedules: [[]],
    step: (rules, state, event) => step(rules, isBegin(event.type) ? { ...state, attempts: [] } : state, event),
  },
  {
    rule: 'no conditional upload is begun while an unconditional one is unsettled',
    breaks: 'I4 copied, but the bucket holds other bytes',
    world: { ...rewritten, ...large },
    schedules: [[]],
    step: (rules, state, event) => step(rules, isBegin(event.type) ? { ...state, attempts: [] } : state, event),
  },
  {
    rule: "no client's upload passes while the completion of ours may still land",
    breaks: 'I2 a copy overwrote',
    world: { ...large, crashes: 0 },
    schedules: [['put']],
    step: (rules, state, event) => step(rules, event.type === 'mutate' ? { ...state, attempts: [] } : state, event),
  },
  {
    rule: 'that an upload has no condition is on record with it',
    breaks: 'I2 a copy overwrote',
    world: { ...large, faults: 0 },
    schedules: [['put']],
    step(rules, state, event) {
      const { save, ...result } = step(rules, state, event);
      const attempts = save?.attempts?.map((attempt) => ({ ...attempt, unconditional: false }));
      return { ...result, ...(save && { save: { ...save, ...(attempts && { attempts }) } }) };
    },
  },
  {
    rule: 'a completion is on record before it is sent',
    breaks: 'I3',
    world: large,
    schedules: [['delete']],
    step(rules, state, event) {
      const { save, ...result } = step(rules, state, event);
      return save && result.effect?.type !== 'complete' ? { ...result, save } : result;
    },
  },
];

function isBegin(type: string): boolean {
  return type === 'begin' || type === 'spooled';
}

/** The step, which takes for granted that nothing is there after this event. */
function unlooked(after: 'spooled' | 'parts-sent') {
  return (...[rules, state, event, before = step]: [...Parameters<typeof step>, typeof step?]): Step => {
    const result = before(rules, state, event);
    if (event.type !== after || result.effect?.type !== 'look') return result;
    const newId = event.type === 'spooled' ? event.newId : '';
    return step(rules, result.state, { type: 'looked', look: { kind: 'missing' }, newId });
  };
}
