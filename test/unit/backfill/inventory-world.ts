import { join } from 'node:path';
import { Inventory, type InventoryOptions } from '../../../src/backfill/inventory.ts';
import type { IdentityState } from '../../../src/bucket/identity.ts';
import type { ListedObject } from '../../../src/ledger/objects.ts';
import { SqliteObjects } from '../../../src/ledger/sqlite-objects.ts';
import { BackOff } from '../../../src/lib/back-off.ts';
import { scratch } from '../../support/scratch.ts';
import { FakeListing } from './fake-listing.ts';

/** A bucket in memory, and the real record of what is listed of it. Time stands still but for waits. */
export class InventoryWorld {
  readonly listing: FakeListing;
  readonly waits: number[] = [];
  readonly troubles: string[] = [];
  readonly file = join(scratch('state'), 'files.db');
  identity: IdentityState = 'ours';
  nowMs = 1000;
  objects = new SqliteObjects(this.file);
  stop = new AbortController();

  constructor(objects: Iterable<ListedObject>) {
    this.listing = new FakeListing(objects);
  }

  run(change: Partial<InventoryOptions> & { fresh?: boolean } = {}) {
    const { fresh = false, ...options } = change;
    const now = () => this.nowMs;
    const sleep = async (ms: number) => {
      this.waits.push(ms);
      this.nowMs += ms;
    };
    this.stop = new AbortController();
    const inventory = new Inventory({
      listing: this.listing,
      writer: this.objects,
      identity: { confirm: async () => this.identity },
      parallel: 3,
      pageSize: 5,
      confirmEveryMs: 30_000,
      turn: async () => undefined,
      backOff: new BackOff({ firstMs: 1000, mostMs: 60_000, sleep, now }),
      retries: 10,
      now,
      troubled: ({ message }) => this.troubles.push(message),
      ...options,
    });
    return inventory.run({ fresh, signal: this.stop.signal });
  }

  /** As after the end of the process. */
  async again(): Promise<void> {
    await this.objects.close();
    this.objects = new SqliteObjects(this.file);
  }

  async told(): Promise<ListedObject[]> {
    const found: ListedObject[] = [];
    for (;;) {
      const page = await this.objects.page(found.at(-1)?.key, 1000);
      found.push(...page);
      if (page.length < 1000) return found;
    }
  }
}

export function object(key: string, size = key.length): ListedObject {
  return { key, size, etag: String(size).padStart(32, '0') };
}

/** Keys in folders as Mastodon makes them. */
export function mastodonKeys(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const folder = ['accounts/avatars', 'cache/media_attachments/files', 'media_attachments/files'][i % 3];
    return `${folder}/${109 + (i % 4)}/${String((i * 7919) % 1000).padStart(3, '0')}/original/${i}.jpg`;
  });
}
