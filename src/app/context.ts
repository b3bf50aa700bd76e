import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import type { Teardown } from '../lib/teardown.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Reporter } from '../observability/reporter.ts';

/** What every part is built from. */
export interface Context {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly report: Reporter;
  /** Each thing that is acquired adds how to let go of it. */
  readonly teardown: Teardown;
  readonly acceptLoss: boolean;
  readonly now: () => number;
}
