import type { MendAnswer } from '../bucket/object-store.ts';
import type { PartStore } from '../bucket/part-store.ts';
import type { PartUpload, PartUploads } from '../ledger/part-uploads.ts';

export interface LeftUploadsOptions {
  readonly records: PartUploads;
  readonly store: Pick<PartStore, 'abort'>;
  /** Whether the bucket is known to be the right one. */
  readonly usable: () => boolean;
  readonly now: () => number;
  readonly notAborted: (upload: PartUpload, answer: MendAnswer) => void;
  readonly failed: (error: unknown) => void;
}

/** How often those are tried again that could not be aborted, in milliseconds. */
const againEveryMs = 60_000;
/** How many are aborted at a time. */
const atOnce = 100;

/**
 * Uploads in parts that came to nothing, of this process or of an earlier one: what the store keeps of them is freed, by the upload's own
 * name. (A client may have an upload of the same key under way.) One whose completion may yet land is left alone until the last look has
 * closed its attempt: a store that completes and aborts at once could make an object of parts that are gone.
 */
export class LeftUploads {
  readonly #options: LeftUploadsOptions;
  /** Under way in this process. */
  readonly #active = new Set<string>();
  readonly #told = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(options: LeftUploadsOptions) {
    this.#options = options;
  }

  start(): void {
    this.sweep();
    this.#timer = setInterval(() => this.sweep(), againEveryMs);
    this.#timer.unref();
  }

  /** Resolves once no abort is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  /** Before the first part is sent. Durable when it resolves. */
  async begun(upload: PartUpload): Promise<void> {
    this.#active.add(upload.uploadId);
    await this.#options.records.begun(upload, this.#options.now());
  }

  /** The process is done with it. `completed`: the store keeps nothing of it any more. */
  async ended(uploadId: string, completed: boolean): Promise<void> {
    this.#active.delete(uploadId);
    if (completed) await this.#options.records.over(uploadId);
    else this.sweep();
  }

  /**
   * Its object was seen, though no answer came: its upload is not aborted. A store that fell between making the object and forgetting the
   * upload would take the object's own bytes away.
   */
  async made(copyId: string): Promise<void> {
    await this.#options.records.made(copyId);
  }

  /** Aborts what is left, in the background. */
  sweep(): void {
    if (this.#stopped) return;
    this.#again = this.#sweeping !== undefined;
    this.#sweeping ??= this.#sweep()
      .catch(this.#options.failed)
      .finally(() => {
        this.#sweeping = undefined;
        if (this.#again) this.sweep();
      });
  }

  async #sweep(): Promise<void> {
    const { records, store, usable, notAborted } = this.#options;
    if (!usable()) return;
    for (const upload of await records.left(atOnce)) {
      if (this.#stopped) return;
      if (this.#active.has(upload.uploadId)) continue;
      const answer = await store.abort(upload.key, upload.uploadId);
      if (answer === 'done' || answer === 'missing') {
        await records.over(upload.uploadId);
        this.#told.delete(upload.uploadId);
      } else if (!this.#told.has(upload.uploadId)) {
        this.#told.add(upload.uploadId);
        notAborted(upload, answer);
      }
    }
  }
}
