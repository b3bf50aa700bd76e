import { randomUUID } from 'node:crypto';
import type { Identity } from '../bucket/identity.ts';
import type { Acl, Look, MendAnswer, ObjectStore } from '../bucket/object-store.ts';
import type { Lane, Ledger } from '../ledger/ledger.ts';
import { errorDetail } from '../lib/error-detail.ts';
import { unlessAborted } from '../lib/unless-aborted.ts';
import { type MarkRecord, type Marks, noMarks } from '../marks/marks.ts';
import type { NotHad, SourceBody } from '../media/body.ts';
import type { Leases } from '../protocol/leases.ts';
import { marked } from '../protocol/marking.ts';
import {
  type CopyOutcome,
  type Effect,
  intendedAcl,
  type KeyEvent,
  type Rules,
  type State,
  type Step,
} from '../protocol/state.ts';
import { step } from '../protocol/step.ts';
import { type EndingOptions, endingOf, lookTime } from './copy-ending.ts';
import type { CopyPace } from './copy-pace.ts';
import type { Turn, TurnEnd } from './copy-turn.ts';
import { CopyUpload, type CopyUploadOptions } from './copy-upload.ts';
import { oldEnoughAtMs } from './schedule.ts';
import { reasonOf } from './spool-reason.ts';

export interface CopierOptions extends EndingOptions, CopyUploadOptions {
  readonly ledger: Ledger;
  readonly marks: Marks;
  readonly store: ObjectStore;
  readonly identity: Identity;
  readonly leases: Leases;
  /** The whole object from a source, or why it cannot be had. */
  readonly forCopy: (key: string, lane: Lane) => Promise<SourceBody | NotHad>;
  readonly pace: Pick<CopyPace, 'turn' | 'spent' | 'answered'>;
  readonly isPrivate: (key: string) => boolean;
  /** Whether the bucket has object ACLs. */
  readonly acls: boolean;
  readonly minAgeMs: number;
  /** What the store takes at most, in however many parts. */
  readonly maxBytes: number;
  readonly events: CopierEvents;
  /** What is cached of the key, and under way to the cache, is not to be shown any more. */
  readonly purge: (key: string) => void;
}

export interface CopierEvents {
  /** The lease was let go. `bytes`: uploaded by this copy. */
  ended(key: string, outcome: CopyOutcome, givenUp: boolean, bytes: number): void;
  alarm(key: string, alarm: 'mend-refused' | 'vanished'): void;
}

/** The object's facts, and its ACL. */
const requestsOfLook = 2;

/** How old the bucket's confirmation may be when an upload begins, in milliseconds. Uploads of the backfill follow each other, and share one. */
const confirmedMs: Record<Lane, number> = { 'asked-for': 0, backfill: 100 };

/** Carries out what the protocol says, one step after the other. */
export class Copier {
  readonly #options: CopierOptions;

  constructor(options: CopierOptions) {
    this.#options = options;
  }

  /**
   * Takes a key's turn, if its lease is free: copies it, or takes its due look. Releases `body`. Resolves to how it ended; undefined: there
   * was nothing to do. `stored` is called when the store has confirmed it, before that is on record. Throws only when the ledger or the marks
   * cannot be written or read.
   */
  async run(
    rules: Rules,
    key: string,
    what: 'copy' | 'look',
    body: SourceBody | undefined,
    signal: AbortSignal,
    lane: Lane = 'asked-for',
    stored?: () => void,
  ): Promise<TurnEnd | undefined> {
    const cancel = new AbortController();
    const turn: Turn = {
      key,
      what,
      lane,
      signal: AbortSignal.any([signal, cancel.signal]),
      body,
      digests: { md5: '' },
      upload: new CopyUpload(key, lane, this.#options),
      tried: what === 'look',
      seen: undefined,
      notBeforeMs: undefined,
      mended: false,
      disturbed: false,
      detail: undefined,
      failed: undefined,
      stored,
    };
    const disturb = () => {
      turn.disturbed = true;
    };
    const letGo = this.#options.leases.take(
      key,
      what === 'copy' ? { cancel: () => cancel.abort(), disturb } : { disturb },
    );
    try {
      return letGo && (await this.#run(rules, turn));
    } finally {
      turn.body?.release();
      letGo?.();
      await turn.upload.end();
    }
  }

  async #run(rules: Rules, turn: Turn): Promise<TurnEnd | undefined> {
    const record = await this.#options.ledger.record(turn.key);
    if (turn.what === 'copy' ? record.status !== 'wanted' : record.look === undefined) return undefined;
    let end: TurnEnd | undefined;
    let state: State = { ...record, marks: noMarks, stage: { at: 'free' }, disturbed: false };
    let event: KeyEvent | undefined = { type: turn.what === 'look' ? 'look-due' : 'begin' };
    while (event) {
      // What was decided without the lease counts from the next step on.
      const marks: MarkRecord = await this.#options.marks.record(turn.key);
      const result: Step = step(rules, { ...state, marks, disturbed: turn.disturbed }, event);
      if (turn.upload.stored && !result.effect) turn.stored?.();
      await this.#mark(turn, result);
      end = await this.#save(turn, result);
      if (result.alarm) this.#options.events.alarm(turn.key, result.alarm);
      state = result.state;
      event = result.effect && (await this.#next(turn, state, result.effect));
    }
    return end;
  }

  async #mark({ key }: Turn, { marks: changes, purge }: Step): Promise<void> {
    const { marks, now } = this.#options;
    if (changes) await marks.update([key], (record) => changes.reduce(marked, record), now());
    if (purge) this.#options.purge(key);
  }

  async #next(turn: Turn, state: State, effect: Effect): Promise<KeyEvent> {
    const event = await this.#perform(turn, effect);
    // Ids that a client's copy of another key carried along are no attempts of this one.
    const own = state.attempts.find(({ id }) => effect.type === 'look' && id === turn.seen?.copyId);
    if (own) await this.#options.leftUploads.made(own.id);
    const cancellable = ['spooling', 'checking', 'sending-parts', 'sending'].includes(state.stage.at);
    return turn.signal.aborted && cancellable ? { type: 'cancel' } : event;
  }

  async #perform(turn: Turn, effect: Effect): Promise<KeyEvent> {
    const { store } = this.#options;
    switch (effect.type) {
      case 'spool':
        turn.tried = true;
        return await this.#spool(turn);
      case 'send':
        return { type: 'answered', answer: await turn.upload.send(spooled(turn), effect, turn.signal) };
      case 'send-parts': {
        const reason = await turn.upload.sendParts(spooled(turn), turn.digests, effect, turn.signal);
        return reason === undefined ? { type: 'parts-sent' } : { type: 'parts-not-sent', reason };
      }
      case 'complete':
        return { type: 'answered', answer: await turn.upload.complete(effect, turn.signal) };
      case 'look': {
        const look = await this.#look(turn);
        return { type: 'looked', look, newId: randomUUID() };
      }
      case 'delete':
        turn.mended = true;
        return { type: 'mended', answer: await this.#mend(() => store.delete(turn.key)) };
      case 'set-acl':
        turn.mended = true;
        return { type: 'mended', answer: await this.#mend(() => store.setAcl(turn.key, effect.acl)) };
      case 'forward':
        throw new Error('a copy forwards no mutation');
    }
  }

  async #spool(turn: Turn): Promise<KeyEvent> {
    const { marks, identity, minAgeMs, maxBytes, now, isPrivate, acls } = this.#options;
    const body = turn.body ?? (await this.#fetch(turn));
    if ('reason' in body) return notSpooled(turn, body);
    turn.body = body;
    if (body.meta.size > maxBytes)
      return notSpooled(turn, { reason: 'too-large', detail: `${body.meta.size} bytes are more than ${maxBytes}` });
    const oldEnough = oldEnoughAtMs(body.meta.mtimeMs, minAgeMs, now());
    if (oldEnough > now()) {
      turn.notBeforeMs = oldEnough;
      return notSpooled(turn, { reason: 'too-young' });
    }
    try {
      turn.digests = await unlessAborted(body.whole(), turn.signal);
      await turn.upload.mayBegin(body.meta.size, turn.digests, turn.signal);
    } catch (error) {
      if (turn.signal.aborted) return notSpooled(turn, { reason: 'cancelled' });
      return notSpooled(turn, { reason: reasonOf(error), detail: errorDetail(error) });
    }
    // An upload into the wrong bucket would make its key "copied" where nobody reads it.
    if ((await identity.confirm(confirmedMs[turn.lane])) !== 'ours')
      return notSpooled(turn, { reason: 'bucket-unavailable' });
    const acl: Acl = body.private || isPrivate(turn.key) ? 'private' : 'public';
    // Where objects have no ACLs, nothing would hide it any more.
    const mark = await marks.get(turn.key);
    if (intendedAcl(mark, acl) === 'private' && !acls) return notSpooled(turn, { reason: 'private-without-acls' });
    const { md5, parts } = turn.digests;
    const content = { md5, size: body.meta.size, acl, inParts: parts !== undefined };
    return { type: 'spooled', content, newId: randomUUID() };
  }

  /** A body that comes after the turn was cancelled is let go. */
  async #fetch({ key, lane, signal }: Turn): Promise<SourceBody | NotHad> {
    try {
      return await unlessAborted(
        this.#options.forCopy(key, lane),
        signal,
        (late) => 'reason' in late || late.release(),
      );
    } catch (error) {
      if (!signal.aborted) throw error;
      return { reason: 'cancelled' };
    }
  }

  /** In the wrong bucket everything is missing. */
  async #look(turn: Turn): Promise<Look> {
    this.#options.pace.spent(requestsOfLook);
    const look = await this.#options.store.look(turn.key);
    turn.seen = look.kind === 'object' ? look.facts : undefined;
    if (look.kind === 'unavailable' || (await this.#options.identity.confirm()) === 'ours') return look;
    return { kind: 'unavailable', trouble: 'identity' };
  }

  async #mend(send: () => Promise<MendAnswer>): Promise<MendAnswer> {
    this.#options.pace.spent(1);
    return (await this.#options.identity.confirm()) === 'ours' ? await send() : 'unknown';
  }

  async #save(turn: Turn, result: Step): Promise<TurnEnd | undefined> {
    const { ledger, now, events } = this.#options;
    const { save, outcome } = result;
    // Nobody waits for a copy but a mutation that has cancelled it.
    const patient = turn.what === 'copy' && !turn.signal.aborted;
    if (!outcome) {
      if (save) await ledger.change(turn.key, save, lookTime(save.look, this.#options), now(), { patient });
      return undefined;
    }
    if (outcome.type === 'mutated') throw new Error('a copy is no mutation');
    const { body, upload } = turn;
    const { md5 } = turn.digests;
    const failed = body ? { source: body.source, size: body.meta.size, mtime: body.mtime } : turn.failed;
    const same = body && turn.seen?.md5 === md5 && turn.seen.size === body.meta.size;
    const confirmed = body && (upload.stored || same) ? { body, md5 } : undefined;
    const detail = upload.detail ?? turn.detail;
    const queued = outcome.type === 'later' ? await ledger.queued(turn.key) : undefined;
    const { givenUp, details } = endingOf(
      { ...turn, detail, confirmed, failed },
      result,
      outcome,
      queued,
      this.#options,
    );
    // What is not below any more needs no list: should it come back, it is asked for again.
    const end = 'reason' in outcome && outcome.reason === 'gone-below' ? ('none' as const) : ('refused' as const);
    const change = givenUp ? { ...save, status: end } : (save ?? {});
    // A mutation that was recorded since the step was taken must not lose its looks to what is written here.
    if (turn.disturbed) await ledger.change(turn.key, { ...change, look: 0 }, { ...details, lookAtMs: now() }, now());
    else await ledger.change(turn.key, change, details, now(), { patient });
    const bytes = body && upload.stored ? body.meta.size : 0;
    events.ended(turn.key, outcome, givenUp, bytes);
    return { outcome, givenUp, bytes };
  }
}

function spooled({ body }: Turn): SourceBody {
  if (!body) throw new Error('nothing was spooled');
  return body;
}

function notSpooled(turn: Turn, { reason, detail, failed }: NotHad): KeyEvent {
  turn.detail = detail;
  turn.failed = failed;
  return { type: 'not-spooled', reason };
}
