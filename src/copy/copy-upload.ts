import type { Acl, ObjectStore, PutAnswer } from '../bucket/object-store.ts';
import type { PartedObject, PartStore } from '../bucket/part-store.ts';
import type { Attempt, CopyReason, Lane } from '../ledger/ledger.ts';
import type { Digests } from '../lib/part-digests.ts';
import type { SourceBody } from '../media/body.ts';
import type { Effect } from '../protocol/state.ts';
import type { CopyPace } from './copy-pace.ts';
import type { LeftUploads } from './left-uploads.ts';
import { PartSender } from './part-sender.ts';
import type { RetryLimits } from './schedule.ts';

export interface CopyUploadOptions {
  readonly store: Pick<ObjectStore, 'put'>;
  readonly partStore: PartStore;
  readonly leftUploads: LeftUploads;
  readonly pace: Pick<CopyPace, 'turn' | 'answered'>;
  readonly contentType: (key: string) => string;
  readonly cacheControl: string;
  /** For one request, however many a copy needs. */
  readonly requestTimeoutMs: number;
  readonly retry: RetryLimits;
}

type Sending<T extends Effect['type']> = Extract<Effect, { type: T }>;

/** What one turn of a copy sends to the store: the object in one request, or its parts and then their completion. */
export class CopyUpload {
  readonly #key: string;
  readonly #lane: Lane;
  readonly #options: CopyUploadOptions;
  #parts: PartSender | undefined;
  #turn = 0;
  #stored = false;
  #detail: string | undefined;

  constructor(key: string, lane: Lane, options: CopyUploadOptions) {
    this.#key = key;
    this.#lane = lane;
    this.#options = options;
  }

  /** Waits for its turn in the pace; parts have turns of their own. Rejects when the signal is aborted. */
  async mayBegin(bytes: number, { parts }: Digests, signal: AbortSignal): Promise<void> {
    this.#turn = await this.#options.pace.turn(this.#lane, parts ? 0 : bytes, signal);
  }

  /** What the store said, where that was no success. */
  get detail(): string | undefined {
    return this.#detail;
  }

  /** The store confirmed it. */
  get stored(): boolean {
    return this.#stored;
  }

  async send(body: SourceBody, { attempt, acl, onlyIfAbsent }: Sending<'send'>, signal: AbortSignal) {
    const { store, requestTimeoutMs } = this.#options;
    const timeout = AbortSignal.timeout(requestTimeoutMs);
    const bytes = async () => body.bytes ?? (await body.open());
    const object = this.#objectOf(body, attempt, acl);
    return this.#answered(await store.put({ ...object, onlyIfAbsent, bytes }, AbortSignal.any([signal, timeout])));
  }

  /** Undefined: all parts are at the store. */
  async sendParts(
    body: SourceBody,
    { parts }: Digests,
    { attempt, acl }: Sending<'send-parts'>,
    signal: AbortSignal,
  ): Promise<CopyReason | undefined> {
    if (!parts) throw new Error('the digests of its parts are not known');
    const { partStore: store, leftUploads: left, requestTimeoutMs, retry, pace } = this.#options;
    const turn = (bytes: number) => pace.turn(this.#lane, bytes, signal);
    const againAfterMs = retry.firstMs;
    this.#parts = new PartSender({
      store,
      left,
      turn,
      answered: pace.answered.bind(pace),
      requestTimeoutMs,
      againAfterMs,
    });
    return await this.#parts.send(this.#objectOf(body, attempt, acl), body, parts, signal);
  }

  async complete({ onlyIfAbsent }: Sending<'complete'>, signal: AbortSignal): Promise<PutAnswer> {
    if (!this.#parts) throw new Error('the parts were not sent');
    return this.#answered(await this.#parts.complete(this.#key, onlyIfAbsent, signal));
  }

  /** When the turn is over, and what came of it on record. */
  async end(): Promise<void> {
    await this.#parts?.end(this.#stored);
  }

  #answered(answer: PutAnswer): PutAnswer {
    const slowDown = answer.kind === 'unknown' && answer.slowDown;
    this.#options.pace.answered(this.#turn, slowDown ? 'slow-down' : answer.kind === 'stored' ? 'stored' : 'other');
    this.#stored = answer.kind === 'stored';
    this.#detail = answerDetail(answer);
    return answer;
  }

  #objectOf({ mtime }: SourceBody, { id, size, md5 }: Attempt, acl: Acl): PartedObject {
    const { contentType, cacheControl } = this.#options;
    const key = this.#key;
    return { key, id, size, md5: Buffer.from(md5, 'hex'), acl, contentType: contentType(key), cacheControl, mtime };
  }
}

/** What the store said, where that was no success. */
function answerDetail(answer: PutAnswer): string | undefined {
  if (answer.kind === 'refused') return `the store answered ${answer.status} ${answer.code}`;
  return answer.kind === 'unknown' ? answer.reason : undefined;
}
