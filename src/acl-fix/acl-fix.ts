import { setTimeout as sleep } from 'node:timers/promises';
import type { Marks } from '../marks/marks.ts';
import type { Source } from '../sources/source.ts';
import { hiddenBelow, type Unknown } from './below.ts';
import type { ObjectAcls } from './object-acls.ts';
import { type AclCounts, decided, noCounts, type Reason } from './verdict.ts';

export interface AclFixOptions {
  readonly acls: ObjectAcls;
  /** As they are now: beside a running `serve`. */
  readonly marks: Pick<Marks, 'record'>;
  readonly sources: readonly Source[];
  readonly isPrivate: (key: string) => boolean;
  /** Keys of the program's own. */
  readonly isReserved: (key: string) => boolean;
  /** False: only count. */
  readonly apply: boolean;
  /** Keys that are looked at at once. */
  readonly concurrency: number;
  /** Told of each key that could not be looked at or changed, with the reason. */
  readonly failed: (key: string, reason: string) => void;
  /** Told now and then; the counts go on changing. */
  readonly progress: (counts: AclCounts) => void;
}

/** How often a request that was not answered is repeated, and the waits before, in milliseconds. */
const repeatsMs = [500, 2000];
/** So many troubles and the run ends: the store, or a disk, is not well. */
const mostTroubles = 1000;

/**
 * Makes objects public that an earlier tool put up as private, and leaves those private that are so on purpose. It works beside a running
 * `serve`, whose leases it does not share. So a suspension that comes in between wins by its mark, which is durable before its own request
 * is sent: the mark is read right before each change and again after it, and what it hides by then is made private again. If this process
 * is killed between the two, on the very key that is being suspended, the object can be read at the store's own address until the next
 * run, which finds it, or until the next look of `serve`; through Upstairs it cannot. Requests without an answer may still be carried out
 * later: their keys are looked at once more in the end.
 */
export class AclFix {
  readonly counts: AclCounts = noCounts();
  readonly #options: AclFixOptions;
  readonly #doubtful = new Set<string>();
  #troubles = 0;

  constructor(options: AclFixOptions) {
    this.#options = options;
  }

  /** False: it ended early, by `signal` or because of too much trouble. What is being changed is always finished. */
  async run(signal: AbortSignal): Promise<boolean> {
    const keys = this.#options.acls.keys()[Symbol.asyncIterator]();
    let whole = false;
    const work = async () => {
      while (!signal.aborted && this.#troubles < mostTroubles) {
        const next = await keys.next();
        if (next.done) {
          whole = true;
          return;
        }
        if (!this.#options.isReserved(next.value)) await this.#see(next.value);
      }
    };
    const results = await Promise.allSettled(Array.from({ length: this.#options.concurrency }, work));
    for (const key of this.#doubtful) await this.#unlessTroubled(key, () => this.#hideAgain(key));
    const broken = results.find((result) => result.status === 'rejected');
    if (broken) throw broken.reason;
    return whole && this.#troubles < mostTroubles;
  }

  async #see(key: string): Promise<void> {
    const { counts } = this;
    counts.objects += 1;
    await this.#unlessTroubled(key, () => this.#judge(key));
    this.#options.progress(counts);
  }

  async #unlessTroubled(key: string, act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.counts.unknown += 1;
      this.#trouble(key, (error as Error).message);
    }
  }

  async #judge(key: string): Promise<void> {
    const { acls, marks, isPrivate, apply } = this.#options;
    const { counts } = this;
    if (isPrivate(key)) return this.#stays('prefix');
    const verdict = decided(await marks.record(key));
    if (verdict === 'gone' || verdict === 'unsettled') return this.#stays('mark');
    const acl = await acls.acl(key);
    if (acl === 'missing') {
      counts.objects -= 1;
      return;
    }
    if (verdict === 'private') {
      if (acl === 'private') return this.#stays('mark');
      counts.exposed += 1;
      if (apply && (await this.#hideAgain(key))) counts.hidden += 1;
      return;
    }
    if (acl === 'public') {
      counts.public += 1;
      return;
    }
    const reason = verdict === 'public' ? undefined : await this.#onPurpose(key);
    if (reason === 'missing') counts.objects -= 1;
    else if (typeof reason === 'object') {
      counts.unknown += 1;
      const told = `the source ${reason.unknown} could not be asked whether its file is for the public`;
      if (reason.troubled) this.#trouble(key, told);
      else this.#options.failed(key, told);
    } else if (reason) this.#stays(reason);
    else {
      counts.wrong += 1;
      if (apply) await this.#show(key);
    }
  }

  /** Why an object of which no mark tells is private; undefined: by mistake. */
  async #onPurpose(key: string): Promise<Reason | Unknown | 'missing' | undefined> {
    const { acls, sources } = this.#options;
    const origin = await acls.origin(key);
    if (origin !== 'other') return origin;
    const below = await hiddenBelow(sources, key, new AbortController().signal);
    if (below === 'hidden') return 'file';
    return below === 'not-hidden' ? undefined : below;
  }

  async #show(key: string): Promise<void> {
    const { acls, marks, isPrivate } = this.#options;
    for (const waitMs of [0, ...repeatsMs]) {
      if (waitMs > 0) await sleep(waitMs);
      const before = decided(await marks.record(key));
      if (isPrivate(key) || (before !== 'nothing' && before !== 'public')) return this.#stillPrivate();
      const answer = await acls.setAcl(key, 'public');
      if (answer === 'unknown') this.#doubtful.add(key);
      if (await this.#hideAgain(key)) return this.#stillPrivate();
      if (answer === 'done') {
        this.counts.shown += 1;
        return;
      }
      if (answer === 'missing') return;
      if (answer === 'refused') return this.#trouble(key, 'the store refused to change the ACL');
    }
    this.#trouble(key, 'the store did not answer');
  }

  /** It was hidden while it was looked at. */
  #stillPrivate(): void {
    this.counts.wrong -= 1;
    this.#stays('mark');
  }

  /** Makes an object private if its mark says so by now. False: the mark does not. */
  async #hideAgain(key: string): Promise<boolean> {
    const { acls, marks } = this.#options;
    for (const waitMs of [0, ...repeatsMs]) {
      if (waitMs > 0) await sleep(waitMs);
      const verdict = decided(await marks.record(key));
      if (verdict !== 'private' && verdict !== 'gone') return false;
      const answer = await acls.setAcl(key, 'private');
      if (answer === 'done' || answer === 'missing') return true;
    }
    throw new Error('it is private by its mark, and the store did not make it so: run this again');
  }

  #stays(reason: Reason): void {
    this.counts.private[reason] += 1;
  }

  #trouble(key: string, reason: string): void {
    this.#troubles += 1;
    this.#options.failed(key, reason);
  }
}
