import type { Problem } from './problems.ts';

/** What the machine says to a configuration that is well-formed. */
export interface EnvironmentFindings {
  problems: Problem[];
  /** Sentences for the log; Upstairs starts nevertheless. */
  warnings: string[];
}
