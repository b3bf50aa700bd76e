import { statSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { Inventory } from '../../src/backfill/inventory.ts';
import type { ListingPage, ListingQuestion, ObjectListing } from '../../src/bucket/object-listing.ts';
import { SqliteObjects } from '../../src/ledger/sqlite-objects.ts';
import { BackOff } from '../../src/lib/back-off.ts';
import { scratch } from '../support/scratch.ts';

const count = 200_000;
const perFolder = 1000;

/** Makes its keys up as it is asked: what is measured is what remembers them. */
class MadeUpListing implements ObjectListing {
  async page({ prefix = '', after, delimiter, limit }: ListingQuestion): Promise<ListingPage> {
    const first = after === '' ? 0 : numberBehind(after);
    if (delimiter !== undefined) {
      if (prefix !== root) return { objects: [], prefixes: root.startsWith(prefix) ? [root] : [], upTo: undefined };
      const folders = Array.from({ length: count / perFolder }, (_, i) => `${root}${padded(i)}/`);
      return { objects: [], prefixes: folders.filter((name) => name > after), upTo: undefined };
    }
    const length = Math.min(limit, count - first);
    const objects = Array.from({ length }, (_, i) => ({
      key: keyOf(first + i),
      size: 1000 + i,
      etag: md5Of(first + i),
    }));
    return { objects, prefixes: [], upTo: first + length < count ? objects.at(-1)!.key : undefined };
  }

  async close(): Promise<void> {}
}

const root = 'media_attachments/files/';
const padded = (n: number) => String(n).padStart(3, '0');
const keyOf = (n: number) =>
  `${root}${padded(Math.floor(n / perFolder))}/${padded(n % perFolder)}/456/789/012/345/original/${md5Of(n).slice(16)}.jpg`;
const md5Of = (n: number) =>
  (((BigInt(n) + 1n) * 0x9e3779b97f4a7c15f39cc0605cedc835n) % (1n << 128n)).toString(16).padStart(32, '0');

function numberBehind(after: string): number {
  const [folder = '0', within = ''] = after.slice(root.length).split('/');
  return Number(folder) * perFolder + (within === '' ? 0 : Number(within) + 1);
}

test(`${count} objects: how fast and with how much they are remembered`, { timeout: 120_000 }, async () => {
  const file = join(scratch('state'), 'files.db');
  const objects = new SqliteObjects(file);
  const inventory = new Inventory({
    listing: new MadeUpListing(),
    writer: objects,
    identity: { confirm: async () => 'ours' },
    parallel: 8,
    pageSize: 1000,
    turn: async () => undefined,
    backOff: new BackOff({ firstMs: 1, mostMs: 1, sleep: async () => undefined, now: Date.now }),
    retries: 0,
    now: Date.now,
    troubled: () => undefined,
  });
  for (const what of ['the first time', 'again, unchanged']) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const before = process.memoryUsage.rss();
    const [beganMs, cpu] = [performance.now(), process.cpuUsage()];
    const listing = await inventory.run({ fresh: false, signal: new AbortController().signal });
    const seconds = (performance.now() - beganMs) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    delay.disable();
    expect(listing.objects).toBe(count);
    console.log(
      `${what}: ${Math.round(count / seconds)} objects/s, ${((user + system) / count).toFixed(1)} us of CPU each, ` +
        `RSS ${Math.round((process.memoryUsage.rss() - before) / 1e6)} MB more, event loop held up p50 ${(delay.percentile(50) / 1e6).toFixed(1)} ` +
        `p99 ${(delay.percentile(99) / 1e6).toFixed(1)} max ${(delay.max / 1e6).toFixed(1)} ms`,
    );
  }
  await objects.close();
  console.log(`${(statSync(file).size / count).toFixed(1)} bytes an object, its key ${keyOf(0).length}`);
});
