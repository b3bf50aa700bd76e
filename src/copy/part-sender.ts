import { setTimeout as sleep } from 'node:timers/promises';
import type { PutAnswer } from '../bucket/object-store.ts';
import type { NotTaken, Part, PartedObject, PartStore } from '../bucket/part-store.ts';
import type { CopyReason } from '../ledger/ledger.ts';
import type { ByteRange } from '../lib/byte-range.ts';
import type { Digests } from '../lib/part-digests.ts';
import { verifiedBytes } from '../lib/verified-bytes.ts';
import type { SourceBody } from '../media/body.ts';
import { SourceReadError } from '../sources/source.ts';
import type { LeftUploads } from './left-uploads.ts';
import { reasonOf } from './spool-reason.ts';

export interface PartSenderOptions {
  readonly store: PartStore;
  readonly left: LeftUploads;
  /** Resolves when a part of so many bytes may be sent; rejects when that is called off. */
  readonly turn: (bytes: number) => Promise<number>;
  /** What the store said to what was sent at this turn. */
  readonly answered: (turn: number, answer: 'stored' | 'slow-down' | 'other') => void;
  /** For each request. */
  readonly requestTimeoutMs: number;
  /** Before a part is sent again. */
  readonly againAfterMs: number;
}

/** How often a part is sent before all of them are given up: one lost line in an hour must not cost the hour. */
const timesAPart = 4;

/** Parts that are at the store, and wait for their completion. */
interface Sent {
  readonly uploadId: string;
  readonly etags: readonly string[];
}

/** Carries one body up in parts, one after the other, each streamed: no part is held in memory. */
export class PartSender {
  readonly #options: PartSenderOptions;
  #sent: Sent | undefined;
  #uploadId: string | undefined;

  constructor(options: PartSenderOptions) {
    this.#options = options;
  }

  /** Undefined: every part is at the store, with the bytes of which the digests are. Does not throw but for what the ledger throws. */
  async send(
    object: PartedObject,
    body: SourceBody,
    parts: NonNullable<Digests['parts']>,
    signal: AbortSignal,
  ): Promise<CopyReason | undefined> {
    const { store, left } = this.#options;
    const begun = await store.begin(object, this.#inTime(signal));
    if (begun.kind !== 'begun') return reasonFor(begun, signal);
    const { uploadId } = begun;
    this.#uploadId = uploadId;
    // Should the process die, the next one aborts it by this name.
    await left.begun({ uploadId, key: object.key, copyId: object.id });
    const etags: string[] = [];
    for (const [i, md5] of parts.md5s.entries()) {
      const first = i * parts.bytes;
      const range = { first, last: Math.min(first + parts.bytes, object.size) - 1 };
      const answer = await this.#part(object.key, uploadId, partOf(i + 1, range, md5, body), signal);
      if (answer.kind !== 'taken') return reasonFor(answer, signal);
      etags.push(answer.etag);
    }
    try {
      if (body.unchanged && !(await body.unchanged())) return 'changed';
    } catch (error) {
      return reasonOf(error);
    }
    this.#sent = { uploadId, etags };
    return undefined;
  }

  /** After `send`. The one request that makes the object. */
  async complete(key: string, onlyIfAbsent: boolean, signal: AbortSignal): Promise<PutAnswer> {
    if (!this.#sent) throw new Error('the parts were not sent');
    const { uploadId, etags } = this.#sent;
    return await this.#options.store.complete(key, uploadId, etags, onlyIfAbsent, this.#inTime(signal));
  }

  /** Once what became of it is on record. */
  async end(completed: boolean): Promise<void> {
    if (this.#uploadId !== undefined) await this.#options.left.ended(this.#uploadId, completed);
  }

  async #part(key: string, uploadId: string, part: Part, signal: AbortSignal) {
    for (let time = 1; ; time++) {
      // Whoever calls it off is answered by the request, which is not sent.
      const turn = await this.#options.turn(part.size).catch(() => 0);
      const answer = await this.#options.store.send(key, uploadId, part, this.#inTime(signal));
      const slowDown = answer.kind !== 'taken' && answer.slowDown;
      this.#options.answered(turn, answer.kind === 'taken' ? 'stored' : slowDown ? 'slow-down' : 'other');
      if (answer.kind === 'taken' || signal.aborted || time === timesAPart || !mayTryAgain(answer)) return answer;
      // Whoever cancels it is answered by the next try, which is not sent.
      await sleep(this.#options.againAfterMs * time, undefined, { signal }).catch(() => undefined);
    }
  }

  #inTime(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, AbortSignal.timeout(this.#options.requestTimeoutMs)]);
  }
}

function partOf(number: number, range: ByteRange, md5: string, body: SourceBody): Part {
  const size = range.last + 1 - range.first;
  const changed = () => new SourceReadError('CHANGED', `${body.source}: part ${number} is not what was read before`);
  return { number, size, md5, bytes: async () => verifiedBytes(await body.open(range), { size, md5 }, changed) };
}

/** Neither a considered no of the store's, nor other bytes than before. */
function mayTryAgain({ status, slowDown, cause }: NotTaken): boolean {
  if (cause !== undefined) return reasonOf(cause) === 'source-unavailable';
  return slowDown || isTrouble(status);
}

/** Nothing can have become visible: whatever was answered, nothing needs to be looked after. */
function reasonFor({ status, slowDown, cause }: NotTaken, signal: AbortSignal): CopyReason {
  if (signal.aborted) return 'cancelled';
  if (cause !== undefined) return reasonOf(cause);
  if (slowDown) return 'slow-down';
  if (isTrouble(status)) return 'bucket-unavailable';
  return status !== undefined && [401, 403, 507].includes(status) ? 'store-denied' : 'store-refused';
}

/** No answer, or none that another time could not be better. (507: the bucket is full.) */
function isTrouble(status: number | undefined): boolean {
  return status === undefined || status === 408 || (status >= 500 && status !== 507);
}
