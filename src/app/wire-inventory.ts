import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inventory, type InventoryOptions } from '../backfill/inventory.ts';
import { PeriodicInventory } from '../backfill/periodic-inventory.ts';
import { BucketAddress } from '../bucket/bucket-address.ts';
import { BucketListing } from '../bucket/bucket-listing.ts';
import type { Identity } from '../bucket/identity.ts';
import { RequestSigner } from '../bucket/request-signer.ts';
import type { Config } from '../config/schema.ts';
import { SqliteObjects } from '../ledger/sqlite-objects.ts';
import { BackOff } from '../lib/back-off.ts';
import { FileLock } from '../lib/file-lock.ts';
import { Pace } from '../lib/pace.ts';
import { unlessAborted } from '../lib/unless-aborted.ts';
import type { Context } from './context.ts';

/** Ranges of keys that are listed at once, each on a connection of its own. */
const parallel = 8;
/** As many as S3 gives for a request. */
const pageSize = 1000;
/** Least time that the store has for a page, in milliseconds: it may have to look through many shards. */
const leastAnswerMs = 30_000;
/** Waits while the store is in trouble, in milliseconds, and how often one request is sent again: for some five minutes. */
const [firstWaitMs, mostWaitMs, retries] = [1000, 60_000, 10];
/** How often it is looked whether an inventory is due, and least time after one failed, in milliseconds. */
const [checkMs, retryMs] = [60_000, 600_000];
/** How often one that is under way is told, in milliseconds. */
const tellEveryMs = 60_000;

export interface InventoryParts {
  readonly inventory: Inventory;
  readonly objects: SqliteObjects;
  close(): Promise<void>;
}

/** The lock for the time of an inventory: one at a time for a state directory. Undefined: another process holds it. */
export function lockInventory(stateDir: string, patienceMs?: number): FileLock | undefined {
  mkdirSync(stateDir, { recursive: true });
  return FileLock.take(join(stateDir, 'inventory.db'), patienceMs);
}

/** What lists the bucket, and the record of it. */
export function inventoryParts(
  { bucket, state, backfill }: Config,
  options: Pick<InventoryOptions, 'identity' | 'troubled' | 'progress'>,
): InventoryParts {
  const { endpoint, name, keyPrefix, addressing, region } = bucket;
  const credentials = { accessKeyId: bucket.accessKey, secretAccessKey: bucket.secretKey };
  const listing = new BucketListing({
    address: new BucketAddress({ endpoint, name, keyPrefix, addressing }),
    signer: new RequestSigner({ region, credentials }),
    keyPrefix,
    connections: parallel,
    connectTimeoutMs: bucket.connectTimeout,
    answerTimeoutMs: Math.max(bucket.headersTimeout, leastAnswerMs),
  });
  const objects = new SqliteObjects(join(state.dir, 'files.db'));
  const pace = new Pace(backfill.listRate);
  const inventory = new Inventory({
    ...options,
    listing,
    writer: objects,
    parallel,
    pageSize,
    turn: (signal) => unlessAborted(pace.turn(), signal),
    backOff: new BackOff({
      firstMs: firstWaitMs,
      mostMs: mostWaitMs,
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
      now: Date.now,
    }),
    retries,
    now: Date.now,
  });
  return {
    inventory,
    objects,
    async close() {
      await listing.close();
      await objects.close();
    },
  };
}

/** The inventory that `serve` makes now and then. */
export function wireInventory({ config, report, teardown, now }: Context, identity: Identity) {
  const { backfill, state } = config;
  const { listEvery } = backfill;
  let toldMs = 0;
  const { inventory, objects, close } = inventoryParts(config, {
    identity,
    troubled: report.rest.inventoryTroubled,
    progress(met) {
      if (now() - toldMs < tellEveryMs) return;
      toldMs = now();
      report.rest.inventoryProgress(met);
    },
  });
  teardown.add("the bucket's objects", close);
  const periodic =
    listEvery === 'off'
      ? undefined
      : new PeriodicInventory({
          inventory,
          objects,
          // Readers wait for nothing here.
          lock: () => lockInventory(state.dir, 0),
          everyMs: listEvery,
          checkMs,
          retryMs,
          now,
          events: {
            began() {
              toldMs = now();
              report.rest.inventoryBegan();
            },
            ended: report.rest.inventoryEnded,
            failed: report.rest.inventoryFailed,
          },
        });
  return {
    objects,
    last: async () => (await objects.listings()).last,
    start() {
      if (!periodic) return;
      periodic.start();
      teardown.add('inventory', () => periodic.stop());
    },
  };
}
