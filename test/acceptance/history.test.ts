import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { drainWorld } from '../support/drained.ts';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { mastodonKey, mp4 } from '../support/media-files.ts';
import type { Upstairs } from '../support/upstairs.ts';

interface Sample {
  readonly endMs: number;
  readonly spanMs: number;
  readonly answered: readonly { tier: string; requests: number; bytes: number }[];
  readonly copied: { files: number; bytes: number };
  readonly failed: number;
  readonly storeErrors: number;
  readonly sources: readonly { source: string; latencyMs?: number; errors: number }[];
  readonly above?: { files: number; bytes: number };
  readonly below?: { files: number; bytes: number };
}

async function historyOf(upstairs: Upstairs, query = ''): Promise<Sample[]> {
  const { status, text } = await upstairs.admin(`/api/history${query}`);
  expect(status, text).toBe(200);
  return (JSON.parse(text) as { samples: Sample[] }).samples;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);
const requests = (samples: readonly Sample[], tier: string) =>
  sum(samples.map(({ answered }) => answered.find((share) => share.tier === tier)?.requests ?? 0));

test.skipIf(needs('ceph', 'fuse').skip)(
  'the history tells how the move went, over a stop, a time without the program, and a crash',
  { timeout: 120_000 },
  async () => {
    const [good, cold, bad] = [mastodonKey(1, 'mp4'), mastodonKey(2, 'mp4'), mastodonKey(3, 'mp4')];
    const files = { [good]: mp4(1, 20_000), [cold]: mp4(2, 30_000), [bad]: mp4(3, 20_000) };
    const { scan, start } = await drainWorld(files, {
      rules: [{ match: bad, op: 'read', errno: 'EIO' }],
      config: { copy: { retry: { times: 1 } } },
    });
    await scan();

    const first = await start();
    for (const key of [good, good, bad]) await first.get(`/${key}`);
    await eventually(
      async () => {
        expect(await first.metric('upstairs_copies_total', { outcome: 'copied' })).toBe(2);
        expect(await first.metric('upstairs_copies_total', { outcome: 'refused' })).toBe(1);
      },
      { withinMs: 30_000 },
    );
    // What was counted since the last sample is written down by a stop.
    expect((await first.kill()).code).toBe(0);
    await sleep(3000);

    const second = await start();
    const before = await historyOf(second);
    expect(sum(['basement', 'cache', 'bucket'].map((tier) => requests(before, tier)))).toBe(2);
    expect(requests(before, 'basement')).toBeGreaterThan(0);
    expect(requests(before, 'none')).toBe(1);
    expect(sum(before.map(({ copied }) => copied.files))).toBe(2);
    expect(sum(before.map(({ copied }) => copied.bytes))).toBe(50_000);
    expect(sum(before.map(({ failed }) => failed))).toBe(1);
    expect(sum(before.map(({ storeErrors }) => storeErrors))).toBe(0);
    expect(sum(before.map(({ sources }) => sources[0]?.errors ?? 0))).toBeGreaterThan(0);
    expect(before[0]?.sources).toMatchObject([{ source: 'basement', latencyMs: expect.any(Number) }]);
    expect(before.at(-1)).toMatchObject({ above: { files: 2, bytes: 50_000 }, below: { files: 0, bytes: 0 } });

    await second.get(`/${cold}`);
    const after = await eventually(
      async () => {
        const samples = await historyOf(second);
        expect(samples.length).toBeGreaterThan(before.length);
        return samples;
      },
      { withinMs: 30_000 },
    );
    expect(after.slice(0, before.length)).toEqual(before);
    const next = after[before.length]!;
    expect(next.spanMs).toBeGreaterThan(9_900);
    expect(next.endMs - next.spanMs - before.at(-1)!.endMs).toBeGreaterThan(3000);
    expect(requests([next], 'bucket')).toBe(1);
    expect(await historyOf(second, `?since=${next.endMs - 1}&points=1`)).toEqual([next]);
    expect((await second.admin('/api/history?points=0')).status).toBe(400);

    await second.get(`/${cold}`);
    await second.kill('SIGKILL');
    const third = await start();
    expect((await historyOf(third)).slice(0, after.length)).toEqual(after);
  },
);
