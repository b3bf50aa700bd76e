import type { MutationKind } from '../../../src/marks/marks.ts';
import type { marked } from '../../../src/protocol/marking.ts';
import type { KeyEvent, State, Step } from '../../../src/protocol/state.ts';
import { step } from '../../../src/protocol/step.ts';
import type { World } from '../../support/explorer/snapshot.ts';
import { plain, type Schedule } from '../../support/explorer/worlds.ts';

/** The protocol with one rule taken out. */
export interface Weakened {
  readonly rule: string;
  /** How the invariant that it breaks begins. */
  readonly breaks: string;
  readonly world: Partial<World>;
  readonly schedules: readonly Schedule[];
  readonly step?: typeof step;
  readonly marked?: typeof marked;
}

/** A store that ignores `If-None-Match`. */
export const over: Partial<World> = { rules: { ...plain.rules, conditional: false } };

/** The step, with another result of one event. */
export function apart<T extends KeyEvent['type']>(
  type: T,
  change: (result: Step, state: State, event: Extract<KeyEvent, { type: T }>) => Step,
): typeof step {
  return (rules, state, event) => {
    const result = step(rules, state, event);
    return event.type === type ? change(result, state, event as Extract<KeyEvent, { type: T }>) : result;
  };
}

/** As if no mutation of this kind were open. */
export function withoutIntents(state: State, kind: MutationKind): State {
  const { mark, intents } = state.marks;
  return { ...state, marks: { mark, intents: intents.filter((intent) => intent.kind !== kind) } };
}
