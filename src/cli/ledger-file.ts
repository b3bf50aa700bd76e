import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from './command-error.ts';

/**
 * The ledger's file in a state directory, which must be there.
 * @throws CommandError NO_STATE
 */
export function ledgerFile(stateDir: string): string {
  const file = join(stateDir, 'ledger.db');
  if (!existsSync(file))
    throw new CommandError('NO_STATE', `there is no ledger at ${file}: was \`upstairs serve\` ever started?`);
  return file;
}
