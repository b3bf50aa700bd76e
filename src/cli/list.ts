import { openLedger } from '../app/wire-ledger.ts';
import { loadConfig } from '../config/load.ts';
import type { CopyStatus } from '../ledger/ledger.ts';
import { ledgerFile } from './ledger-file.ts';

export interface ListOptions {
  readonly config: string;
  readonly status: CopyStatus;
  readonly limit: number;
  readonly json?: true;
}

/**
 * `upstairs list`: keys of one status, a line each: key, tries, reason, separated by tabs. Works beside a running `serve`, also when
 * a disk hangs.
 */
export async function list(options: ListOptions): Promise<void> {
  const { config } = loadConfig(options.config, { env: process.env, environment: false });
  const ledger = openLedger(ledgerFile(config.state.dir));
  try {
    const copies = (await ledger.list(options.status, options.limit)).map(({ key, tries, reason }) => ({
      key,
      tries,
      reason,
    }));
    if (options.json) process.stdout.write(`${JSON.stringify({ copies })}\n`);
    else for (const { key, tries, reason } of copies) process.stdout.write(`${key}\t${tries}\t${reason ?? '-'}\n`);
  } finally {
    await ledger.close();
  }
}
