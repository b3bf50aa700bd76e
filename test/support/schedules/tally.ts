/** How often things happened that a run must have seen. */
export interface Tally {
  /** Choices of the seeds'. */
  steps: number;
  crashes: number;
  faults: number;
  refusals: number;
  /** Requests that were done after their sender had given them up. */
  lateLandings: number;
  acked: number;
  /** Mutations that hide, recorded without the lease. */
  unleased: number;
  readers: number;
  /** Keys that were copied when all was over; of these, in parts. */
  copied: number;
  inParts: number;
}

export function noTally(): Tally {
  return {
    steps: 0,
    crashes: 0,
    faults: 0,
    refusals: 0,
    lateLandings: 0,
    acked: 0,
    unleased: 0,
    readers: 0,
    copied: 0,
    inParts: 0,
  };
}

export function added(a: Tally, b: Tally): Tally {
  const names = Object.keys(a) as (keyof Tally)[];
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as unknown as Tally;
}
