import type { Files } from '../ledger/files.ts';
import type { Objects } from '../ledger/objects.ts';
import type { RecordedCopies, RecordedCopy } from '../ledger/recorded-copies.ts';
import type { Examined, Examiner, Look } from './examiner.ts';
import type { ExceptionSpool } from './exception-spool.ts';
import { type JoinedKey, joinedKeys } from './joined-keys.ts';
import { ordered } from './ordered.ts';
import type { Outcome } from './outcome.ts';
import { type DiskFacts, isException } from './verdict.ts';

/** A key that did not look right at first, and how: what did not change since need not be asked for again. */
export interface Suspect {
  readonly key: string;
  /** It is below, and nobody ever tried to copy it, or none did in the end: nothing need be asked of the bucket. */
  readonly onlyBelow: boolean;
  /** The ledger's row, as it was then. */
  readonly row: string;
  /** By source: files that the medium does not give any more. */
  readonly damaged: readonly (readonly [source: string, detail: string])[];
}

export interface VerifyOptions {
  readonly files: Pick<Files, 'page' | 'of' | 'findings'>;
  readonly objects: Pick<Objects, 'page' | 'of'>;
  readonly copies: RecordedCopies;
  readonly examiner: Examiner;
  readonly outcome: Outcome;
  readonly suspects: ExceptionSpool<Suspect>;
  readonly isAbout: (source: string) => boolean;
  /** Keys that are looked at at once. */
  readonly concurrency: number;
  /** Told now and then how many keys were seen. */
  readonly progress: (keys: number) => void;
}

/** Below it is what is the program's own. */
const reserved = '_upstairs/';
/** Findings read at once. */
const findingsPage = 500;
/** So many keys between two turns of the event loop, where nothing has to be asked for: signals and progress want theirs. */
const turnEvery = 500;

/**
 * Goes through everything that is below, above, or on record, and judges it. Marks and copies change meanwhile, since `serve` may run: what
 * did not look right is looked at once more in the end, and is an exception only if it still does not.
 */
export class Verify {
  readonly #options: VerifyOptions;
  #seen = 0;
  #changed = 0;

  constructor(options: VerifyOptions) {
    this.#options = options;
  }

  /** Keys that looked wrong at first, and were right when they were looked at again. */
  get changedMeanwhile(): number {
    return this.#changed;
  }

  /** @throws what `signal` was aborted with; TroubleError. Then nothing was proven. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#first(signal);
    await this.#again(signal);
    await this.#findings();
  }

  async #first(signal: AbortSignal): Promise<void> {
    const { examiner, outcome, concurrency, suspects } = this.#options;
    const keys = this.#own(joinedKeys(this.#options), signal);
    const examine = async (joined: JoinedKey) => ({ joined, examined: await examiner.examine(joined, 'listed') });
    for await (const { joined, examined } of ordered(keys, concurrency, examine)) {
      if (examined.some(({ verdict }) => isException(verdict))) await suspects.add(suspectOf(joined, examined));
      else await outcome.settle(joined.key, examined);
    }
  }

  async #again(signal: AbortSignal): Promise<void> {
    const { suspects, outcome, concurrency } = this.#options;
    const again = async (suspect: Suspect) => {
      signal.throwIfAborted();
      return { key: suspect.key, examined: await this.#examineAgain(suspect) };
    };
    for await (const { key, examined } of ordered(suspects.all(), concurrency, again)) {
      if (!examined.some(({ verdict }) => isException(verdict))) this.#changed += 1;
      await outcome.settle(key, examined);
    }
  }

  /** With the rows as they are now, and the object asked for, unless the ledger says as before that there is none. */
  async #examineAgain({ key, onlyBelow, row, damaged }: Suspect): Promise<readonly Examined[]> {
    const { files, objects, copies, examiner } = this.#options;
    const joined: JoinedKey = {
      key,
      files: await files.of(key),
      object: await objects.of(key),
      copy: await copies.copy(key),
    };
    const look: Look = onlyBelow && rowOf(joined.copy) === row ? 'listed' : 'asked';
    const spared = new Map(
      damaged.map(([source, detail]): [string, DiskFacts] => [source, { kind: 'damaged', detail }]),
    );
    return await examiner.examine(joined, look, spared);
  }

  async #findings(): Promise<void> {
    const { files, outcome, isAbout } = this.#options;
    for (let offset = 0; ; ) {
      const page = await files.findings(offset, findingsPage);
      if (page.length === 0) return;
      offset += page.length;
      for (const { path, source, kind, detail } of page)
        if (isAbout(source)) await outcome.finding(path, source, detail === undefined ? kind : `${kind}: ${detail}`);
    }
  }

  async *#own(keys: AsyncIterable<JoinedKey>, signal: AbortSignal): AsyncGenerator<JoinedKey> {
    for await (const joined of keys) {
      if (joined.key.startsWith(reserved)) continue;
      signal.throwIfAborted();
      this.#seen += 1;
      if (this.#seen % turnEvery === 0) {
        this.#options.progress(this.#seen);
        await new Promise(setImmediate);
      }
      yield joined;
    }
  }
}

function suspectOf({ key, copy }: JoinedKey, examined: readonly Examined[]): Suspect {
  const damaged = examined.flatMap(({ source, verdict: { reason, detail = '' } }) =>
    reason === 'damaged-below' && source !== undefined ? [[source, detail] as const] : [],
  );
  const onlyBelow = examined.every(({ verdict }) => verdict.reason === 'not-copied');
  return { key, onlyBelow, row: rowOf(copy), damaged };
}

function rowOf(copy: RecordedCopy | undefined): string {
  return JSON.stringify([copy?.status, copy?.md5, copy?.size, copy?.mtime]);
}
