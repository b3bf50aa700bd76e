import { join } from 'node:path';
import { openLedger } from '../app.ts';
import { loadConfig } from '../config/load.ts';
import type { CopyStatus } from '../ledger/ledger.ts';

/** `upstairs list`: keys of one status, a line each: key, tries, reason, separated by tabs. Works beside a running `serve`. */
export async function list(options: { config: string; status: CopyStatus; limit: number }): Promise<void> {
  const { config } = loadConfig(options.config, { env: process.env });
  const ledger = openLedger(join(config.state.dir, 'ledger.db'));
  try {
    for (const { key, tries, reason } of await ledger.list(options.status, options.limit))
      process.stdout.write(`${key}\t${tries}\t${reason ?? '-'}\n`);
  } finally {
    await ledger.close();
  }
}
