import { randomUUID } from 'node:crypto';
import type { Identity } from '../bucket/identity.ts';
import type { Acl, Look, MendAnswer, ObjectStore } from '../bucket/object-store.ts';
import type { ChangeDetails, CopyReason, Ledger } from '../ledger/ledger.ts';
import { unlessAborted } from '../lib/unless-aborted.ts';
import type { Marks } from '../marks/marks.ts';
import type { SourceBody } from '../media/body.ts';
import type { Leases } from './leases.ts';
import { step } from './protocol.ts';
import {
  type CopyEvent,
  type Effect,
  intendedAcl,
  type Outcome,
  type Rules,
  type State,
  type Step,
} from './protocol-state.ts';
import { backoffMs, countsAfter, givesUp, lookDelayMs, oldEnoughAtMs, type RetryLimits } from './schedule.ts';
import { reasonOf } from './spool-reason.ts';

export interface CopierOptions {
  readonly ledger: Ledger;
  readonly marks: Marks;
  readonly store: ObjectStore;
  readonly identity: Identity;
  readonly leases: Leases;
  /** The whole object from a source, or why it cannot be had. */
  readonly forCopy: (key: string) => Promise<SourceBody | CopyReason>;
  readonly contentType: (key: string) => string;
  readonly isPrivate: (key: string) => boolean;
  /** Whether the bucket has object ACLs. */
  readonly acls: boolean;
  readonly cacheControl: string;
  readonly minAgeMs: number;
  readonly maxBytes: number;
  readonly requestTimeoutMs: number;
  readonly looksMs: readonly number[];
  readonly retry: RetryLimits;
  readonly now: () => number;
  readonly random: () => number;
  readonly events: CopierEvents;
}

export interface CopierEvents {
  /** The lease was let go. `bytes`: uploaded by this copy. */
  ended(key: string, outcome: Outcome, givenUp: boolean, bytes: number): void;
  alarm(key: string, alarm: 'mend-refused' | 'vanished'): void;
}

/** One turn with a key: what was taken along, and what to leave behind. */
interface Turn {
  readonly key: string;
  readonly what: 'copy' | 'look';
  readonly signal: AbortSignal;
  body: SourceBody | undefined;
  md5: string;
  /** Not to be tried again before. */
  notBeforeMs: number | undefined;
  /** The store confirmed this turn's upload. */
  stored: boolean;
  /** It had to delete or change the ACL of what it found. */
  mended: boolean;
}

/** Carries out what the protocol says, one step after the other. */
export class Copier {
  readonly #options: CopierOptions;

  constructor(options: CopierOptions) {
    this.#options = options;
  }

  /**
   * Takes a key's turn, if its lease is free: copies it, or takes its due look. Releases `body`. Throws only when the ledger or the marks
   * cannot be written or read.
   */
  async run(
    rules: Rules,
    key: string,
    what: 'copy' | 'look',
    body: SourceBody | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const cancel = new AbortController();
    const letGo = this.#options.leases.take(key, what === 'copy' ? { cancel: () => cancel.abort() } : {});
    const turn: Turn = {
      key,
      what,
      signal: AbortSignal.any([signal, cancel.signal]),
      body,
      md5: '',
      notBeforeMs: undefined,
      stored: false,
      mended: false,
    };
    try {
      if (letGo) await this.#run(rules, turn);
    } finally {
      turn.body?.release();
      letGo?.();
    }
  }

  async #run(rules: Rules, turn: Turn): Promise<void> {
    const record = await this.#options.ledger.record(turn.key);
    if (turn.what === 'copy' ? record.status !== 'wanted' : record.look === undefined) return;
    let state: State = { ...record, stage: { at: 'free' } };
    let event: CopyEvent | undefined =
      turn.what === 'look' ? { type: 'look-due' } : { type: 'begin', mark: await this.#options.marks.get(turn.key) };
    while (event) {
      const result: Step = step(rules, state, event);
      await this.#save(turn, result);
      if (result.alarm) this.#options.events.alarm(turn.key, result.alarm);
      state = result.state;
      event = result.effect && (await this.#next(turn, state, result.effect));
    }
  }

  async #next(turn: Turn, state: State, effect: Effect): Promise<CopyEvent> {
    const event = await this.#perform(turn, effect);
    const cancellable = ['spooling', 'checking', 'sending'].includes(state.stage.at);
    return turn.signal.aborted && cancellable ? { type: 'cancel' } : event;
  }

  async #perform(turn: Turn, effect: Effect): Promise<CopyEvent> {
    const { marks, store } = this.#options;
    switch (effect.type) {
      case 'spool':
        return await this.#spool(turn);
      case 'send': {
        const answer = await this.#send(turn, effect);
        return { type: 'answered', answer, mark: await marks.get(turn.key) };
      }
      case 'look': {
        const look = await this.#look(turn.key);
        return { type: 'looked', look, mark: await marks.get(turn.key), newId: randomUUID() };
      }
      case 'delete':
        turn.mended = true;
        return { type: 'mended', answer: await this.#mend(() => store.delete(turn.key)) };
      case 'set-acl':
        turn.mended = true;
        return { type: 'mended', answer: await this.#mend(() => store.setAcl(turn.key, effect.acl)) };
    }
  }

  async #spool(turn: Turn): Promise<CopyEvent> {
    const { marks, identity, minAgeMs, maxBytes, now, isPrivate, acls } = this.#options;
    const body = turn.body ?? (await this.#fetch(turn));
    if (typeof body === 'string') return notSpooled(body);
    turn.body = body;
    if (body.meta.size > maxBytes) return notSpooled('too-large');
    const oldEnough = oldEnoughAtMs(body.meta.mtimeMs, minAgeMs, now());
    if (oldEnough > now()) {
      turn.notBeforeMs = oldEnough;
      return notSpooled('too-young');
    }
    try {
      turn.md5 = (await unlessAborted(body.whole(), turn.signal)).md5;
    } catch (error) {
      return notSpooled(turn.signal.aborted ? 'cancelled' : reasonOf(error));
    }
    // An upload into the wrong bucket would make its key "copied" where nobody reads it.
    if ((await identity.confirm()) !== 'ours') return notSpooled('bucket-unavailable');
    const acl: Acl = body.private || isPrivate(turn.key) ? 'private' : 'public';
    // Where objects have no ACLs, nothing would hide it any more.
    const mark = await marks.get(turn.key);
    if (intendedAcl(mark, acl) === 'private' && !acls) return notSpooled('private-without-acls');
    const content = { md5: turn.md5, size: body.meta.size, acl };
    return { type: 'spooled', content, mark, newId: randomUUID() };
  }

  /** A body that comes after the turn was cancelled is let go. */
  async #fetch({ key, signal }: Turn): Promise<SourceBody | CopyReason> {
    try {
      return await unlessAborted(
        this.#options.forCopy(key),
        signal,
        (late) => typeof late === 'string' || late.release(),
      );
    } catch (error) {
      if (!signal.aborted) throw error;
      return 'cancelled';
    }
  }

  async #send(turn: Turn, effect: Extract<Effect, { type: 'send' }>) {
    const { store, contentType, cacheControl, requestTimeoutMs } = this.#options;
    const { body, key, signal } = turn;
    if (!body) throw new Error('nothing was spooled');
    const { attempt, acl, onlyIfAbsent } = effect;
    const timeout = AbortSignal.timeout(requestTimeoutMs);
    const answer = await store.put(
      {
        key,
        id: attempt.id,
        size: attempt.size,
        md5: Buffer.from(attempt.md5, 'hex'),
        acl,
        contentType: contentType(key),
        cacheControl,
        mtime: body.mtime,
        onlyIfAbsent,
        bytes: async () => body.bytes ?? (await body.open()),
      },
      AbortSignal.any([signal, timeout]),
    );
    turn.stored = answer.kind === 'stored';
    return answer;
  }

  /** In the wrong bucket everything is missing. */
  async #look(key: string): Promise<Look> {
    const look = await this.#options.store.look(key);
    if (look.kind === 'unavailable' || (await this.#options.identity.confirm()) === 'ours') return look;
    return { kind: 'unavailable', trouble: 'identity' };
  }

  async #mend(send: () => Promise<MendAnswer>): Promise<MendAnswer> {
    return (await this.#options.identity.confirm()) === 'ours' ? await send() : 'unknown';
  }

  async #save(turn: Turn, result: Step): Promise<void> {
    const { ledger, now, events } = this.#options;
    const { save, outcome } = result;
    if (!outcome) {
      if (save) await ledger.change(turn.key, save, this.#lookTime(save.look), now());
      return;
    }
    const { givenUp, details } = await this.#ending(turn, result, outcome);
    // What is not below any more needs no list: should it come back, it is asked for again.
    const end = 'reason' in outcome && outcome.reason === 'gone-below' ? ('none' as const) : ('refused' as const);
    const change = givenUp ? { ...save, status: end } : (save ?? {});
    await ledger.change(turn.key, change, details, now());
    events.ended(turn.key, outcome, givenUp, turn.stored ? (turn.body?.meta.size ?? 0) : 0);
  }

  /** What is written beside the protocol's own change when the lease is let go. */
  async #ending(turn: Turn, result: Step, outcome: Outcome): Promise<{ givenUp: boolean; details: ChangeDetails }> {
    const { ledger, retry, now, random } = this.#options;
    const look = this.#lookTime(result.save?.look);
    if (outcome.type === 'copied' && turn.body && turn.stored) {
      const { source, meta } = turn.body;
      return { givenUp: false, details: { ...look, reason: null, source, size: meta.size, md5: turn.md5, tries: 0 } };
    }
    if (outcome.type !== 'later') {
      // What a look found in order says nothing about why a copy waits.
      return { givenUp: false, details: { ...look, ...(outcome.type === 'looked' ? {} : { reason: null }) } };
    }
    const { reason } = outcome;
    const queued = await ledger.queued(turn.key);
    // What a look found missing was counted when its upload failed, and need not wait; a 412 for what is not there must.
    const atOnce = reason === 'missing-again' && turn.what === 'look';
    const before = queued ?? { tries: 0, failures: 0 };
    const { tries, failures } = atOnce ? before : countsAfter(reason, before);
    const waitMs = backoffMs(Math.max(1, tries), retry, random());
    // A look that is due and could not be taken, or whose mending failed, waits as long as a copy would.
    const lookAgain =
      (turn.what === 'look' || turn.mended) && look.lookAtMs === undefined && result.state.look !== undefined;
    return {
      givenUp: queued !== undefined && givesUp(reason, failures, retry),
      details: {
        reason,
        tries,
        failures,
        notBeforeMs: turn.notBeforeMs ?? now() + (atOnce ? 0 : waitMs),
        ...(lookAgain ? { lookAtMs: now() + waitMs } : look),
      },
    };
  }

  #lookTime(look: number | null | undefined): ChangeDetails & { lookAtMs?: number } {
    if (look === undefined || look === null) return {};
    return { lookAtMs: this.#options.now() + lookDelayMs(look, this.#options.looksMs) };
  }
}

function notSpooled(reason: CopyReason): CopyEvent {
  return { type: 'not-spooled', reason };
}
