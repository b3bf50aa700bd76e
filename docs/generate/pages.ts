import type { Command } from 'commander';
import { commandsReference } from './commands-reference.ts';
import { configReference } from './config-reference.ts';
import { exitCodesReference } from './exit-codes-reference.ts';
import { jsonReference } from './json-reference.ts';
import { metricsReference } from './metrics-reference.ts';
import { s3Reference } from './s3-reference.ts';

/** Pages that are made from the program, by their path below docs/. */
export function generatedPages(program: Command): ReadonlyMap<string, string> {
  return new Map([
    ['reference/configuration.md', configReference()],
    ['reference/commands.md', commandsReference(program)],
    ['reference/exit-codes.md', exitCodesReference()],
    ['reference/json.md', jsonReference()],
    ['reference/metrics.md', metricsReference()],
    ['reference/s3-operations.md', s3Reference()],
  ]);
}
