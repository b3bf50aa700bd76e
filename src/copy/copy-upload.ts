import type { Acl, ObjectStore, PutAnswer } from '../bucket/object-store.ts';
import type { PartedObject, PartStore } from '../bucket/part-store.ts';
import type { Attempt, CopyReason } from '../ledger/ledger.ts';
import type { Digests } from '../lib/part-digests.ts';
import type { SourceBody } from '../media/body.ts';
import type { Effect } from '../protocol/state.ts';
import type { LeftUploads } from './left-uploads.ts';
import { PartSender } from './part-sender.ts';
import type { RetryLimits } from './schedule.ts';

export interface CopyUploadOptions {
  readonly store: Pick<ObjectStore, 'put'>;
  readonly partStore: PartStore;
  readonly leftUploads: LeftUploads;
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
  readonly #options: CopyUploadOptions;
  #parts: PartSender | undefined;
  #stored = false;

  constructor(key: string, options: CopyUploadOptions) {
    this.#key = key;
    this.#options = options;
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
    const { partStore: store, leftUploads: left, requestTimeoutMs, retry } = this.#options;
    this.#parts = new PartSender({ store, left, requestTimeoutMs, againAfterMs: retry.firstMs });
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
    this.#stored = answer.kind === 'stored';
    return answer;
  }

  #objectOf({ mtime }: SourceBody, { id, size, md5 }: Attempt, acl: Acl): PartedObject {
    const { contentType, cacheControl } = this.#options;
    const key = this.#key;
    return { key, id, size, md5: Buffer.from(md5, 'hex'), acl, contentType: contentType(key), cacheControl, mtime };
  }
}
