import { type LeaseHolder, Leases, type LetGo } from '../../../src/protocol/leases.ts';

/** Longer than any schedule takes, in milliseconds. */
const foreverMs = 3_600_000;

/** Leases of which the schedule says when somebody has waited long enough, not a clock. */
export class PatientLeases extends Leases {
  readonly #waiting = new Set<() => void>();
  readonly #disturbs: boolean;

  constructor(disturbs = true) {
    super();
    this.#disturbs = disturbs;
  }

  /** How each of those who wait gives up. */
  get waiting(): readonly (() => void)[] {
    return [...this.#waiting];
  }

  override async acquire(key: string, holder: LeaseHolder): Promise<LetGo | undefined> {
    const { promise: gaveUp, resolve } = Promise.withResolvers<undefined>();
    const giveUp = () => resolve(undefined);
    const got = super.acquire(key, holder, foreverMs);
    this.#waiting.add(giveUp);
    const first = await Promise.race([got, gaveUp]);
    this.#waiting.delete(giveUp);
    if (!first) void got.then((letGo) => letGo?.());
    return first;
  }

  override disturb(key: string): void {
    if (this.#disturbs) super.disturb(key);
  }
}
