import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { hasMarks, ledgerFacts } from '../app/wire-ledger.ts';
import { CommandError } from './command-error.ts';

/**
 * The ledger's file in a state directory, which must be there. Whoever makes the state owns it: it has to be serve, and not an operator who
 * is root.
 * @throws CommandError NO_STATE
 */
export function ledgerFile(stateDir: string): string {
  return stateFile(stateDir, 'ledger.db', 'ledger', existsSync);
}

/** @throws CommandError NO_STATE where there are none: then nobody knows what is hidden or gone on purpose. */
export function expectMarks(stateDir: string): void {
  stateFile(stateDir, 'marks.db', 'marks', hasMarks);
}

/**
 * What a ledger tells of itself that was bound to a bucket.
 * @throws CommandError NO_STATE
 */
export function boundLedger(stateDir: string) {
  const { id, binding, ...facts } = ledgerFacts(ledgerFile(stateDir)) ?? {};
  if (id === undefined || binding === undefined)
    throw new CommandError('NO_STATE', {
      found: `the state in ${stateDir} was never bound to a bucket`,
      expected: 'a state that `upstairs serve` made and bound to its bucket',
      todo: 'start `upstairs serve` once before, and let it reach the bucket',
    });
  return { ...facts, id, binding };
}

function stateFile(stateDir: string, name: string, what: string, there: (file: string) => boolean): string {
  const file = join(stateDir, name);
  if (!there(file))
    throw new CommandError('NO_STATE', {
      found: `there is no ${what} at ${file}`,
      expected: 'a state that `upstairs serve` made',
      todo: 'start `upstairs serve` once before, or correct state.dir',
    });
  return file;
}
