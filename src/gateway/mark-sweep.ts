import type { Ledger } from '../ledger/ledger.ts';
import type { Marks, NamedMark } from '../marks/marks.ts';

export interface MarkSweepOptions {
  readonly marks: Pick<Marks, 'get' | 'droppable' | 'review'>;
  readonly ledger: Pick<Ledger, 'record'>;
  /** `nowhere`: every source could be asked, and none has it. `unknown`: one could not be asked. */
  readonly whereBelow: (key: string) => Promise<'nowhere' | 'below' | 'unknown'>;
  /** Whether a scan has seen it in a source, and none since that it is gone. */
  readonly scanned: (key: string) => Promise<boolean>;
  /** What the bucket has. */
  readonly above: (key: string) => Promise<'object' | 'missing' | 'unavailable'>;
  /**
   * Nothing writes to the sources any more, and all that ever were can be asked: one that is put in again, or retired and brought back, must
   * not bring back anything.
   */
  readonly allowed: () => boolean;
  /** How long a mark must have been settled, in milliseconds: longer than the looks take. */
  readonly afterMs: number;
  /** How often some are taken up, in milliseconds. */
  readonly everyMs: number;
  readonly now: () => number;
  readonly failed: (error: unknown) => void;
}

/** Taken up at once: the disks are asked for each. */
const batch = 50;

/**
 * Forgets marks that can hide nothing any more, since remote media come and go by the million: a key that never was below, and is not, cannot
 * come back from below. Not before the phase is `move`: Mastodon may yet write it there.
 */
export class MarkSweep {
  readonly #options: MarkSweepOptions;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: MarkSweepOptions) {
    this.#options = options;
  }

  start(): void {
    this.#arm();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#sweeping;
  }

  /** Takes up some. Resolves to how many were looked at. */
  async sweep(): Promise<number> {
    const { marks, now, afterMs, allowed } = this.#options;
    if (!allowed()) return 0;
    const old = await marks.droppable(now() - afterMs, batch);
    const verdicts = [];
    for (const mark of old) {
      if (this.#stopped || !allowed()) break;
      verdicts.push({ ...mark, verdict: await this.#verdict(mark) });
    }
    if (verdicts.length > 0) await marks.review(verdicts, now());
    return verdicts.length;
  }

  async #verdict({ key }: NamedMark): Promise<'nowhere' | 'below' | 'later'> {
    const { marks, ledger, whereBelow, scanned, above } = this.#options;
    const { status, look, attempts } = await ledger.record(key);
    if (look !== undefined || attempts.length > 0) return 'later';
    const where = await whereBelow(key);
    if (where !== 'nowhere') return where === 'unknown' ? 'later' : 'below';
    // Nobody takes anything from the sources: what one had is on a part of it that is away, or is not restored yet.
    if (status !== 'none' || (await scanned(key))) return 'below';
    // A DELETE may have been confirmed by somebody else than the store.
    if ((await marks.get(key)).shown === 'gone' && (await above(key)) !== 'missing') return 'later';
    return 'nowhere';
  }

  #arm(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#sweeping = this.sweep()
        .then(() => undefined, this.#options.failed)
        .finally(() => this.#arm());
    }, this.#options.everyMs);
  }
}
