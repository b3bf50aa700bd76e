import type { Latency } from '../lib/service-times.ts';

/** A source, as far as those care who must not be in the way of its readers. */
export interface Strain {
  /** False: it is retired, and nothing is begun there. */
  inUse(): boolean;
  /** What it took to answer, within the last so many milliseconds. */
  latency(withinMs: number): Latency;
  /** Operations that somebody waits for; `own`: how many requests of the backfill are under way there. */
  readers(own: number): number;
  /** So many it takes at once. */
  readonly operations: number;
}
