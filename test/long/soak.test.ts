import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { jpeg, mastodonKey, mp4 } from '../support/media-files.ts';
import { startRgw } from '../support/rgw.ts';
import { world } from '../support/world.ts';

const seconds = Number(process.env.SOAK_SECONDS ?? 120);

/** A small seeded generator (mulberry32): the same viewers every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

test.skipIf(needs('ceph', 'fuse').skip)(
  'two minutes of viewers, outages of the bucket, a disk that hangs and fails: no wrong byte, nothing leaks, all ends copied',
  async () => {
    const rgw = await startRgw();
    onTestFinished(() => rgw[Symbol.asyncDispose]());
    const files: Record<string, Uint8Array> = {};
    for (let n = 0; n < 1500; n++) files[mastodonKey(n, 'jpg')] = jpeg(n, { bytes: 3000 + (n % 97) * 900 });
    for (let n = 1500; n < 1530; n++) files[mastodonKey(n, 'mp4')] = mp4(n, 3_000_000 + n * 1000);
    const keys = Object.keys(files);
    const { upstairs, disk, facts } = await world({
      rgw,
      files,
      faulty: true,
      config: {
        bucket: { headersTimeout: '1s', connectTimeout: '500ms', breaker: { retryAfter: '1s' } },
        copy: { looks: ['1s', '2s', '4s'], retry: { first: '500ms', most: '3s' } },
        cache: { maxSize: '32MiB' },
        spool: { memory: '16MiB', disk: '64MiB' },
        log: { access: false },
      },
    });
    const base = readdirSync(`/proc/${upstairs.pid}/fd`).length;
    const statuses = new Map<number | string, number>();
    const wrong: string[] = [];
    const end = Date.now() + seconds * 1000;

    const viewer = async (seed: number) => {
      const next = random(seed);
      while (Date.now() < end) {
        const key = keys[Math.floor(next() ** 3 * keys.length)] ?? '';
        const bytes = files[key] ?? new Uint8Array();
        const first = Math.floor(next() * bytes.length);
        const last = Math.min(bytes.length - 1, first + 200_000);
        const ranged = next() < 0.3;
        const abort = next() < 0.1 ? AbortSignal.timeout(20) : undefined;
        try {
          const answer = await upstairs.get(`/${key}`, {
            ...(ranged ? { headers: { range: `bytes=${first}-${last}` } } : {}),
            ...(abort ? { signal: abort } : {}),
          });
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
          const expected = ranged ? bytes.subarray(first, last + 1) : bytes;
          if ([200, 206].includes(answer.status) && !answer.body.equals(expected))
            wrong.push(`${key} ${answer.status}`);
          if (![200, 206, 503].includes(answer.status)) wrong.push(`${key} ${answer.status}`);
        } catch (error) {
          const { name, code } = error as { name: string; code?: string };
          statuses.set(code ?? name, (statuses.get(code ?? name) ?? 0) + 1);
        }
      }
    };
    const trouble = async () => {
      const acts: (() => Promise<unknown>)[] = [
        async () => {
          await rgw.down();
          await sleep(3000);
          await rgw.up();
        },
        async () => {
          await rgw.hang();
          await sleep(4000);
          await rgw.unhang();
        },
        async () => {
          await disk?.setRules([{ op: 'read', hang: true }]);
          await sleep(5000);
        },
        async () => {
          await disk?.setRules([{ op: 'read', errno: 'EIO', probability: 0.2 }]);
          await sleep(3000);
        },
        async () => {
          await disk?.setRules([{ op: 'read', delay_ms: 20, jitter_ms: 60 }]);
          await sleep(3000);
        },
      ];
      for (let turn = 0; Date.now() < end - 6000; turn++) {
        await sleep(1500);
        await acts[turn % acts.length]?.();
        await disk?.setRules([]);
      }
    };
    await Promise.all([trouble(), ...Array.from({ length: 24 }, (_, seed) => viewer(seed))]);
    const rss = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${upstairs.pid}/status`, 'utf8'))?.[1]) / 1024;
    console.log(`answers ${JSON.stringify([...statuses])}, most memory ${Math.round(rss)} MB`);
    expect(wrong).toEqual([]);
    expect(statuses.get(200) ?? 0).toBeGreaterThan(seconds * 20);

    // The viewers come back for all that is left.
    await eventually(
      async () => {
        for (const key of keys) expect((await upstairs.get(`/${key}`)).status).toBe(200);
      },
      { withinMs: 60_000, everyMs: 500 },
    );
    await eventually(
      async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(keys.length),
      { withinMs: 60_000, everyMs: 500 },
    );
    for (const key of keys)
      expect([key, (await facts(key))?.md5]).toEqual([
        key,
        createHash('md5')
          .update(files[key] ?? '')
          .digest('hex'),
      ]);
    await eventually(
      async () => {
        expect(await upstairs.metric('upstairs_spool_bytes')).toBe(0);
        expect(await upstairs.metric('upstairs_copy_attempts_open')).toBe(0);
        expect(readdirSync(`/proc/${upstairs.pid}/fd`).length).toBeLessThan(base + 120);
        expect(readdirSync(`/proc/${upstairs.pid}/fd`, { withFileTypes: true }).length).toBeGreaterThan(0);
      },
      { withinMs: 20_000 },
    );
    const { code } = await upstairs.kill();
    expect(code).toBe(0);
  },
);
