/** A request that is on its way while nobody listens for its answer any more. */
export interface Loose {
  readonly label: string;
  lands(): Promise<void>;
}

/** Something else that can become of a call. */
export interface Fault<T> {
  readonly label: string;
  readonly costs: 'fault' | 'refusal';
  /** `later`: the request is held back and may land once its caller has been answered. */
  readonly does: 'now' | 'later' | 'never';
  readonly answer: T;
}

export interface CallOptions<T> {
  readonly label: string;
  /** Writes into one file are carried out in the order of their calls. */
  readonly file?: 'marks' | 'ledger';
  readonly carryOut: () => Promise<T>;
  /** It changes something at the store, and goes on when nobody waits for it. */
  readonly request?: boolean;
  readonly faults?: readonly Fault<T>[];
  /** Cuts the request: its caller is told `cut`, and it may still land. */
  readonly signal?: AbortSignal;
  readonly cut?: T;
}

/** A way on for a call that waits. */
export interface Fate {
  readonly label: string;
  readonly costs: 'nothing' | 'fault' | 'refusal';
  come(): Promise<void>;
}

interface Parked {
  readonly file: 'marks' | 'ledger' | undefined;
  readonly fates: readonly Fate[];
  readonly loose: Loose | undefined;
  /** Carries it out, with nobody to hear of it. */
  readonly unheard: () => Promise<void>;
  readonly label: string;
}

/**
 * Where every call of a process waits until the schedule says what becomes of it: all that happens outside of the program happens one
 * after the other, in an order that the seed decides.
 */
export class Calls {
  readonly #parked = new Set<Parked>();
  readonly #loosened: (loose: Loose) => void;

  /** `loosened` gets what was let go without an end. */
  constructor(loosened: (loose: Loose) => void) {
    this.#loosened = loosened;
  }

  get idle(): boolean {
    return this.#parked.size === 0;
  }

  park<T>(options: CallOptions<T>): Promise<T> {
    const { label, file, carryOut, request, faults = [], signal } = options;
    return new Promise<T>((resolve, reject) => {
      const carriedOut = async () => void (await carryOut());
      const loose: Loose | undefined = request ? { label, lands: carriedOut } : undefined;
      const leave = () => {
        signal?.removeEventListener('abort', cut);
        this.#parked.delete(parked);
      };
      const cut = () => {
        leave();
        if (loose) this.#loosened(loose);
        resolve(options.cut as T);
      };
      const come = async () => {
        leave();
        await carryOut().then(resolve, reject);
      };
      const fail = async ({ does, answer }: Fault<T>) => {
        leave();
        if (does === 'now') await carryOut();
        if (does === 'later' && loose) this.#loosened(loose);
        resolve(answer);
      };
      const fates: Fate[] = [
        { label, costs: 'nothing', come },
        ...faults.map((fault) => ({
          label: `${label}: ${fault.label}`,
          costs: fault.costs,
          come: () => fail(fault),
        })),
      ];
      const parked: Parked = { file, fates, loose, unheard: carriedOut, label };
      this.#parked.add(parked);
      if (signal?.aborted) cut();
      else signal?.addEventListener('abort', cut, { once: true });
    });
  }

  /** What can become of the calls that wait. */
  fates(): Fate[] {
    const files = new Set<string>();
    return [...this.#parked].flatMap(({ file, fates }) => {
      if (file !== undefined && files.has(file)) return [];
      if (file !== undefined) files.add(file);
      return fates;
    });
  }

  /**
   * The process dies: requests go on by themselves, and of the writes into each file some first ones are carried out. Returns what was
   * written. Nobody is told of anything.
   */
  async die(written: (label: string) => boolean): Promise<string[]> {
    const parked = [...this.#parked];
    this.#parked.clear();
    const done: string[] = [];
    const lost = new Set<string>();
    for (const { file, loose, unheard, label } of parked) {
      if (loose) this.#loosened(loose);
      if (file === undefined || lost.has(file)) continue;
      if (written(label)) {
        await unheard();
        done.push(label);
      } else lost.add(file);
    }
    return done;
  }
}
