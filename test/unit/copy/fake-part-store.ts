import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { MendAnswer, PutAnswer } from '../../../src/bucket/object-store.ts';
import type { NotTaken, Part, PartedObject, PartStore } from '../../../src/bucket/part-store.ts';
import type { FakeStore } from './fake-store.ts';

export const noAnswer: NotTaken = { kind: 'not-taken', status: undefined, code: 'ECONNRESET', slowDown: false };

/** Uploads in parts into the bucket of a fake store, whose completions ignore conditions. */
export class FakePartStore implements PartStore {
  readonly #whole: FakeStore;
  readonly uploads = new Map<string, { object: PartedObject; parts: Map<number, string> }>();
  /** What becomes of the next requests; then they are done. */
  begins: NotTaken[] = [];
  sends: (NotTaken | (() => Promise<NotTaken | undefined>))[] = [];
  completions: (PutAnswer | (() => Promise<PutAnswer>))[] = [];
  abortAnswer: MendAnswer | undefined;
  #serial = 0;

  constructor(whole: FakeStore) {
    this.#whole = whole;
  }

  async begin(object: PartedObject) {
    this.#whole.calls.push('begin parts');
    const given = this.begins.shift();
    if (given) return given;
    this.#serial += 1;
    const uploadId = `upload ${this.#serial}`;
    this.uploads.set(uploadId, { object, parts: new Map() });
    return { kind: 'begun', uploadId } as const;
  }

  async send(_key: string, uploadId: string, part: Part, signal: AbortSignal) {
    this.#whole.calls.push(`part ${part.number}`);
    const given = this.sends.shift();
    const answer = typeof given === 'function' ? await given() : given;
    if (answer) return answer;
    if (signal.aborted) return noAnswer;
    try {
      const bytes = await text(await part.bytes());
      const md5 = createHash('md5').update(bytes).digest('hex');
      if (md5 !== part.md5 || bytes.length !== part.size) throw new Error('the part is not what it was said to be');
      this.uploads.get(uploadId)?.parts.set(part.number, bytes);
      return { kind: 'taken', etag: md5 } as const;
    } catch (cause) {
      return { ...noAnswer, cause };
    }
  }

  async complete(_key: string, uploadId: string): Promise<PutAnswer> {
    this.#whole.calls.push('complete');
    const given = this.completions.shift();
    const answer = typeof given === 'function' ? await given() : (given ?? this.land(uploadId));
    await this.#whole.meanwhile('complete');
    return answer;
  }

  /** Carries a completion out, whoever listens. */
  land(uploadId: string): PutAnswer {
    const upload = this.uploads.get(uploadId);
    if (!upload) return { kind: 'unknown', reason: 'InternalError', slowDown: false };
    const { object, parts } = upload;
    this.uploads.delete(uploadId);
    this.#whole.stored = {
      text: [...parts]
        .sort(([a], [b]) => a - b)
        .map(([, bytes]) => bytes)
        .join(''),
      id: object.id,
      etag: `${object.id}-${parts.size}`,
      md5: object.md5.toString('hex'),
      acl: object.acl,
    };
    return { kind: 'stored' };
  }

  async abort(_key: string, uploadId: string): Promise<MendAnswer> {
    this.#whole.calls.push(`abort ${uploadId}`);
    if (this.abortAnswer) return this.abortAnswer;
    return this.uploads.delete(uploadId) ? 'done' : 'missing';
  }
}
