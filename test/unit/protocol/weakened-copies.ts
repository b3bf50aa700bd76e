import { noMarks } from '../../../src/marks/marks.ts';
import { step } from '../../../src/protocol/step.ts';
import { apart, over, type Weakened, withoutIntents } from './weakened.ts';

/** Rules of copies and looks, each taken out of the step. */
export const weakenedCopies: readonly Weakened[] = [
  {
    rule: 'copies go up only where nothing is',
    breaks: 'I2 a copy overwrote',
    world: { before: 'other' },
    schedules: [[]],
    step: apart('spooled', (result) =>
      result.effect?.type === 'send' ? { ...result, effect: { ...result.effect, onlyIfAbsent: false } } : result,
    ),
  },
  {
    rule: 'an attempt is durable before its first byte is sent',
    breaks: 'I3',
    world: {},
    schedules: [['delete']],
    step: apart('spooled', ({ save: _, ...result }) => result),
  },
  {
    rule: 'an unknown answer is no success',
    breaks: 'I4 copied',
    world: {},
    schedules: [[]],
    step: (rules, state, event) =>
      event.type === 'answered' && event.answer.kind === 'unknown'
        ? step(rules, state, { ...event, answer: { kind: 'stored' } })
        : step(rules, state, event),
  },
  {
    rule: 'looks go on after the first',
    breaks: 'I3',
    world: {},
    schedules: [['delete']],
    step: (rules, state, event) => step({ ...rules, looks: 1 }, state, event),
  },
  {
    rule: 'a cancelled upload is looked after',
    breaks: 'I3',
    world: { crashes: 0 },
    schedules: [['delete']],
    step: apart('cancel', ({ save: _, ...result }) => result),
  },
  {
    rule: 'the mark is read before a copy is sent, and when it is answered',
    breaks: 'I3',
    world: { crashes: 0, faults: 0 },
    schedules: [['delete'], ['acl-private']],
    step: (rules, state, event) =>
      event.type === 'begin' || event.type === 'spooled' || event.type === 'answered'
        ? step(rules, { ...state, marks: noMarks }, event)
        : step(rules, state, event),
  },
  {
    rule: 'a copy waits until an upload of a client has a known outcome',
    breaks: 'I2 a copy overwrote',
    world: over,
    schedules: [['put']],
    step: (rules, state, event) =>
      event.type === 'begin' ? step(rules, withoutIntents(state, 'put'), event) : step(rules, state, event),
  },
  {
    rule: 'whoever was told of a mutation leaves a look behind',
    breaks: 'I3',
    world: { deaf: true, crashes: 0 },
    schedules: [['delete'], ['acl-private']],
    step: (rules, state, event) => step(rules, { ...state, disturbed: false }, event),
  },
  {
    rule: 'a restart looks after open attempts',
    breaks: 'I3',
    world: { faults: 0 },
    schedules: [['delete']],
    step: (rules, state, event) => step(rules, event.type === 'restarted' ? { ...state, attempts: [] } : state, event),
  },
];
