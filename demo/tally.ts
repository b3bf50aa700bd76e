/** Where an answer came from; `failed` is one that was no picture. */
export const tiers = ['basement', 'bucket', 'cache', 'failed'] as const;
export type Tier = (typeof tiers)[number];

/** How many answers came from where. */
export type Shares = Record<Tier, number>;

/** Counts answers: all of them, and those of the second that is passing. */
export class Tally {
  readonly total = none();
  /** The first few answers that failed, for people to read. */
  readonly failures: string[] = [];
  #passing = none();

  answered(tier: Tier): void {
    this.total[tier] += 1;
    this.#passing[tier] += 1;
  }

  failed(why: string): void {
    this.answered('failed');
    if (this.failures.length < 5) this.failures.push(why);
  }

  /** What was counted since the last call. */
  takePassing(): Shares {
    const passed = this.#passing;
    this.#passing = none();
    return passed;
  }
}

/** The tier that a Cache-Status (RFC 9211) names in `detail`. */
export function tierOf(cacheStatus: string | undefined): Tier {
  const detail = /;\s*detail="?(\w+)/.exec(cacheStatus ?? '')?.[1];
  return tiers.find((tier) => tier === detail) ?? 'failed';
}

function none(): Shares {
  return { basement: 0, bucket: 0, cache: 0, failed: 0 };
}
