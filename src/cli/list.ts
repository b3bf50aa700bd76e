import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openLedger } from '../app/wire-ledger.ts';
import { loadConfig } from '../config/load.ts';
import type { CopyStatus } from '../ledger/ledger.ts';

/**
 * `upstairs list`: keys of one status, a line each: key, tries, reason, separated by tabs. Works beside a running `serve`, also when
 * a disk hangs.
 */
export async function list(options: { config: string; status: CopyStatus; limit: number }): Promise<void> {
  const { config } = loadConfig(options.config, { env: process.env, environment: false });
  const file = join(config.state.dir, 'ledger.db');
  if (!existsSync(file))
    throw Object.assign(new Error(`there is no ledger at ${file}: was \`upstairs serve\` ever started?`), {
      code: 'NO_LEDGER',
    });
  const ledger = openLedger(file);
  try {
    for (const { key, tries, reason } of await ledger.list(options.status, options.limit))
      process.stdout.write(`${key}\t${tries}\t${reason ?? '-'}\n`);
  } finally {
    await ledger.close();
  }
}
