import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Look, MendAnswer, ObjectStore, PutAnswer, Upload } from '../../../src/bucket/object-store.ts';
import { FakePartStore } from './fake-part-store.ts';

export interface Stored {
  text: string;
  id?: string | undefined;
  /** The client's upload that made it. */
  intentId?: string;
  etag?: string;
  md5: string;
  acl: 'public' | 'private';
}

/** A bucket of one key that does what the test says. */
export class FakeStore implements ObjectStore {
  readonly calls: string[] = [];
  stored: Stored | undefined;
  /** What becomes of the next uploads; then they are stored. */
  answers: (PutAnswer | ((upload: Upload, signal: AbortSignal) => Promise<PutAnswer>))[] = [];
  lookAnswer: Look | undefined;
  mendAnswer: MendAnswer | undefined;
  uploads: Upload[] = [];
  readonly parts = new FakePartStore(this);
  /** Goes on in the middle of a request: after it was carried out, before it is answered. */
  meanwhile: (call: string) => Promise<void> = async () => undefined;

  async put(upload: Upload, signal: AbortSignal): Promise<PutAnswer> {
    const call = upload.onlyIfAbsent ? 'put if absent' : 'put';
    this.calls.push(call);
    this.uploads.push(upload);
    const given = this.answers.shift();
    const answer = typeof given === 'function' ? await given(upload, signal) : (given ?? (await this.store(upload)));
    await this.meanwhile(call);
    return answer;
  }

  async store(upload: Upload): Promise<PutAnswer> {
    if (upload.onlyIfAbsent && this.stored) return { kind: 'exists' };
    const bytes = await upload.bytes();
    const content = Buffer.isBuffer(bytes) ? bytes.toString() : await text(bytes as Readable);
    this.stored = { text: content, id: upload.id, md5: upload.md5.toString('hex'), acl: upload.acl };
    return { kind: 'stored' };
  }

  async look(): Promise<Look> {
    this.calls.push('look');
    const look = this.lookAnswer ?? this.#found();
    await this.meanwhile('look');
    return look;
  }

  async setAcl(_key: string, acl: 'public' | 'private'): Promise<MendAnswer> {
    return await this.#mend(`acl ${acl}`, () => {
      if (this.stored) this.stored.acl = acl;
    });
  }

  async delete(): Promise<MendAnswer> {
    return await this.#mend('delete', () => {
      this.stored = undefined;
    });
  }

  async #mend(call: string, mend: () => void): Promise<MendAnswer> {
    this.calls.push(call);
    if (!this.mendAnswer) mend();
    await this.meanwhile(call);
    return this.mendAnswer ?? 'done';
  }

  #found(): Look {
    if (!this.stored) return { kind: 'missing' };
    const { text: content, id: copyId, intentId, etag, md5, acl } = this.stored;
    return {
      kind: 'object',
      facts: {
        size: content.length,
        md5,
        acl,
        ...(copyId === undefined ? {} : { copyId }),
        ...(intentId === undefined ? {} : { intentId }),
        ...(etag === undefined ? {} : { etag }),
      },
    };
  }
}
