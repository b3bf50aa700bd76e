import { inventoryCommand, lockInventory } from '../app/wire-inventory-command.ts';
import type { Config } from '../config/schema.ts';
import { bytesInWords } from '../lib/quantity-words.ts';
import { isYoung, listingGoodForMs } from '../verify/preconditions.ts';
import { CommandError } from './command-error.ts';
import type { ProgressLines } from './progress-lines.ts';

/**
 * Lists the bucket for a verification. A listing that was broken off is gone on with only if it is young: what it saw first is as old as its
 * beginning.
 * @throws CommandError INVENTORY_IN_USE; InventoryError; ListingError
 */
export async function listBucket(
  config: Config,
  ledger: Parameters<typeof inventoryCommand>[1]['ledger'],
  lines: ProgressLines,
  signal: AbortSignal,
): Promise<void> {
  const lock = lockInventory(config.state.dir);
  if (lock === undefined)
    throw new CommandError('INVENTORY_IN_USE', {
      found: 'the bucket is being listed already, by `upstairs serve` or `upstairs inventory`',
      expected: 'one listing at a time',
      todo: 'wait for that one, or rest on the last listing with --no-list',
    });
  const { inventory, objects, close } = inventoryCommand(config, {
    ledger,
    // Asked again; what does not pass is thrown in the end.
    troubled: (error) => lines.show(() => `listing the bucket; asked again after: ${(error as Error).message}`),
    progress: (met) => lines.show(() => `listing the bucket: ${met.objects} objects, ${bytesInWords(met.bytes)}`),
  });
  try {
    const { open } = await objects.listings();
    const fresh = open === undefined || !isYoung(open.beganMs, Date.now(), listingGoodForMs);
    await inventory.run({ fresh, signal });
  } finally {
    lines.end();
    await close();
    lock.release();
  }
}
