import type { NewIntent } from '../../../src/marks/marks.ts';
import { isHiding } from '../../../src/protocol/marking.ts';
import type { Step } from '../../../src/protocol/state.ts';
import { type Move, stepped, torn, written } from './moves.ts';
import type { Client, Snapshot, World } from './snapshot.ts';
import { intentId, ordered, requestOf } from './store.ts';

/** A mutation as the write host carries it out: lease, intent, forward, settle. */
export function* clientMoves(world: World, s: Snapshot): Generator<Move> {
  for (const [i, client] of s.clients.entries()) {
    if (client.at === 'idle') yield* sends(world, s, i);
    if (client.at === 'waiting') yield* waits(world, s, i);
    if (client.at === 'forwarding' && s.answer?.of === 'forward') yield* answered(world, s, i);
  }
}

function* sends(world: World, s: Snapshot, i: number): Generator<Move> {
  if (!maySend(world, s, i)) return;
  // Who sends and waits a while promises less than who sends in the very moment.
  yield* waits(world, withClient(s, i, { at: 'waiting', after: answeredOf(s) }), i);
}

function maySend(world: World, s: Snapshot, i: number): boolean {
  const before = s.clients[i - 1];
  if (!before) return true;
  if (world.inARow) return isAnswered(before);
  // Two of the same kind are sent in one order: the other way round is the same.
  return before.at !== 'idle' || world.mutations[i] !== world.mutations[i - 1];
}

function isAnswered({ at }: Client): boolean {
  return at === 'acked' || at === 'refused' || at === 'unanswered';
}

/** A bit for each that was answered. */
function answeredOf(s: Snapshot): number {
  return s.clients.reduce((bits, client, j) => (isAnswered(client) ? bits | (1 << j) : bits), 0);
}

function* waits(world: World, s: Snapshot, i: number): Generator<Move> {
  const kind = world.mutations[i]!;
  const after = s.clients[i]!.after;
  const intent: NewIntent = { id: intentId(i), kind, ...(kind === 'put' ? { shows: 'public' as const } : {}) };
  if (s.stage.at === 'free') {
    const { to, step } = stepped(world, s, { type: 'mutate', intent });
    const label = `${kind}: ${step.effect ? 'on record' : '503'}`;
    const as = (next: Snapshot) => withClient(next, i, { at: step.effect ? 'forwarding' : 'refused', after });
    yield { label, to: as(to) };
    yield* hidesMeanwhile(world, withClient(s, i, { at: 'forwarding', after }), step, label, as);
    return;
  }
  if (['spooling', 'checking', 'sending-parts', 'sending'].includes(s.stage.at)) {
    const request = s.effect && requestOf(world, s.effect);
    const { to } = stepped(world, s, { type: 'cancel' });
    yield {
      label: `${kind}: the copy is cancelled`,
      to: { ...to, loose: request ? ordered([...s.loose, request]) : s.loose },
    };
  }
  if (isHiding(kind)) {
    const { to, step } = stepped(world, s, { type: 'hide', intent });
    // The lease is another's: what it is doing goes on.
    const undisturbed = { ...to, stage: s.stage, effect: s.effect, answer: s.answer };
    yield { label: `${kind}: no lease, recorded, 503`, to: withClient(undisturbed, i, { at: 'unanswered', after }) };
    yield* torn(world, withClient(s, i, { at: 'forwarding', after }), step, to, `${kind}: no lease`);
  } else yield { label: `${kind}: no lease, 503`, to: withClient(s, i, { at: 'refused', after }) };
}

/**
 * A mutation that hides is recorded after the step was decided and before it is written: who holds the lease was told before. `as`: what
 * else the step makes of the state.
 */
export function* hidesMeanwhile(
  world: World,
  s: Snapshot,
  step: Step,
  label: string,
  as: (written: Snapshot) => Snapshot,
): Generator<Move> {
  for (const [i, client] of s.clients.entries()) {
    const kind = world.mutations[i]!;
    if (!isHiding(kind) || !(client.at === 'waiting' || (client.at === 'idle' && maySend(world, s, i)))) continue;
    const after = client.at === 'idle' ? answeredOf(s) : client.after;
    const { to: hidden } = stepped(world, s, { type: 'hide', intent: { id: intentId(i), kind } });
    const to = {
      ...as(written(world, hidden, world.deaf ? step : leavingALook(step))),
      disturbed: step.outcome === undefined,
    };
    yield { label: `${kind}: no lease, recorded, 503; ${label}`, to: withClient(to, i, { at: 'unanswered', after }) };
  }
}

/** Whoever was told of a mutation leaves a look behind. */
function leavingALook(step: Step): Step {
  return step.outcome ? { ...step, save: { ...step.save, look: 0 } } : step;
}

function* answered(world: World, s: Snapshot, i: number): Generator<Move> {
  if (s.answer?.of !== 'forward' || s.stage.at !== 'forwarding' || s.stage.id !== intentId(i)) return;
  const { to, step } = stepped(world, s, { type: 'forwarded', answer: s.answer.forwarded });
  const told = step.outcome?.type === 'mutated' ? step.outcome.as : 'unknown';
  const at = told === 'done' ? 'acked' : told === 'refused' ? 'refused' : 'unanswered';
  const label = `${world.mutations[i]}: ${at}`;
  const as = (next: Snapshot) => withClient(next, i, { at, after: s.clients[i]!.after });
  yield { label, to: as(to) };
  yield* torn(world, s, step, to, label);
  yield* hidesMeanwhile(world, s, step, label, as);
}

function withClient(s: Snapshot, i: number, client: Client): Snapshot {
  return { ...s, clients: s.clients.map((other, j) => (j === i ? client : other)) };
}
