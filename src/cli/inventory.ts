import { inventoryCommand, lockInventory } from '../app/wire-inventory-command.ts';
import { loadConfig } from '../config/load.ts';
import { bytesInWords, durationInWords } from '../lib/quantity-words.ts';
import { brokenOff, CommandError } from './command-error.ts';
import { boundLedger } from './ledger-file.ts';
import { ProgressLines } from './progress-lines.ts';

export interface InventoryCommand {
  config: string;
  json?: boolean;
  fresh?: boolean;
}

/**
 * `upstairs inventory`: lists the bucket into `files.db`, beside a running `serve` or without one. Exit code 0: all of it; 1: not, and the
 * next run goes on there.
 * @throws CommandError NO_STATE, INVENTORY_IN_USE; InventoryError; ListingError
 */
export async function inventory(options: InventoryCommand): Promise<void> {
  const { config } = loadConfig(options.config, { env: process.env, environment: false });
  const { dir } = config.state;
  const ledger = boundLedger(dir);
  const lock = lockInventory(dir);
  if (lock === undefined)
    throw new CommandError('INVENTORY_IN_USE', {
      found: `the bucket is being listed already, by \`upstairs serve\` or another \`upstairs inventory\` on ${dir}`,
      expected: 'one listing at a time',
      todo: 'wait for that one',
    });
  const stop = new AbortController();
  const interrupted = () => stop.abort(brokenOff('what was listed is on record', 'run it again, and it goes on here'));
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    await list(options, { config, ledger, signal: stop.signal });
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
    lock.release();
  }
}

interface Given {
  readonly config: Parameters<typeof inventoryCommand>[0];
  readonly ledger: Parameters<typeof inventoryCommand>[1]['ledger'];
  readonly signal: AbortSignal;
}

async function list({ json = false, fresh = false }: InventoryCommand, { config, ledger, signal }: Given) {
  const lines = new ProgressLines(process.stderr);
  const beganMs = performance.now();
  let expected = 0;
  let before: number | undefined;
  let trouble: string | undefined;
  const { inventory, objects, close } = inventoryCommand(config, {
    ledger,
    troubled(error) {
      trouble = (error as Error).message;
    },
    progress(met) {
      before ??= met.objects;
      const perMs = (met.objects - before) / (performance.now() - beganMs);
      lines.show(() => {
        const left = expected - met.objects;
        const eta = left > 0 && perMs > 0 ? `, about ${durationInWords(left / perMs)} left` : '';
        const retrying = trouble === undefined ? '' : `; asked again after: ${trouble}`;
        trouble = undefined;
        return `${met.objects} objects, ${bytesInWords(met.bytes)}, ${Math.round(perMs * 1000)} objects/s${eta}${retrying}`;
      });
    },
  });
  try {
    const { last, open } = await objects.listings();
    expected = last?.objects ?? 0;
    if (open && !fresh) process.stderr.write(`going on after ${open.objects} objects\n`);
    const listing = await inventory.run({ fresh, signal });
    lines.end();
    const { objects: count, bytes, beganMs: began, endedMs: ended = began } = listing;
    process.stdout.write(
      json
        ? `${JSON.stringify({ objects: count, bytes, began: new Date(began).toISOString(), ended: new Date(ended).toISOString() })}\n`
        : `${count} objects, ${bytesInWords(bytes)} in the bucket ${config.bucket.name}; listed in ${durationInWords(ended - began)}\n`,
    );
  } finally {
    lines.end();
    if (trouble !== undefined) process.stderr.write(`the last trouble was: ${trouble}\n`);
    await close();
  }
}
