import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/left-out.ts';
import { basement } from '../support/media-files.ts';
import { programEnv } from '../support/program-env.ts';
import { sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs } from '../support/upstairs.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const run = promisify(execFile);

interface Told {
  readonly servingMs?: number;
  readonly weights: readonly Record<string, unknown>[];
  readonly tiers: Record<'hour' | 'day' | 'all', readonly unknown[]>;
  readonly sources: readonly { name: string; use: { lastMs?: number }; unplug: { safe: boolean } }[];
}

test.skipIf(needs('ceph').skip)('the status is told by serve, and without it by its files', async () => {
  const rgw = sharedRgw();
  const root = scratch('root');
  await basement(root, { 'accounts/avatars/1/original/a.png': 'an avatar', 'x.txt': 'x' });
  const bucket = await rgw.freshBucket();
  const admin = { listen: `127.0.0.1:${await freePort()}` };
  const config = baseConfig({ endpoint: rgw.endpoint, bucket, root, admin });
  const file = join(scratch('config'), 'upstairs.yaml');
  writeFileSync(file, stringify(config));
  const status = async (...args: string[]) =>
    (await run(execPath, [program, 'status', '-c', file, ...args], { env: programEnv, timeout: 30_000 })).stdout;
  await expect(status()).rejects.toThrow(/there is no ledger at .*\n.*\n {2}to do: start `upstairs serve` once before/);

  const upstairs = await startUpstairs({ config });
  onTestFinished(() => upstairs.dispose());
  const began = Date.now();
  for (const key of ['accounts/avatars/1/original/a.png', 'x.txt', 'x.txt', 'none.txt']) await upstairs.get(`/${key}`);
  const told = await eventually(
    async () => {
      const answer = JSON.parse(await status('--json')) as Told;
      expect(answer.weights).toEqual([
        { status: 'copied', class: 'avatars', objects: 1, bytes: 9 },
        { status: 'copied', class: 'other', objects: 1, bytes: 1 },
      ]);
      return answer;
    },
    { withinMs: 20_000 },
  );
  expect(told.servingMs).toBeGreaterThan(began - 60_000);
  const shares = [
    { tier: 'basement', requests: 2, bytes: 10 },
    { tier: 'cache', requests: 1, bytes: 1 },
    { tier: 'none', requests: 1, bytes: expect.any(Number) },
  ];
  expect(told.tiers).toEqual({ hour: shares, day: shares, all: shares });
  expect(told.sources).toMatchObject([
    { name: 'basement', use: { lastMs: expect.any(Number) }, unplug: { safe: false } },
  ]);
  const text = await status();
  expect(text).toMatch(/^cache +33\.3% +9\.1% /m);
  expect(text).toMatch(/^source basement\n {2}last needed +\d+s ago\n/m);
  expect(text).toContain('\n  safe to unplug: no, because\n  - it was never verified: run upstairs verify\n');
  expect(text).not.toContain('\u001b');

  await upstairs.kill();
  expect(await status()).toMatch(
    /^serve does not answer at http:\/\/127\.0\.0\.1:\d+: this is what its files say\.\n\n.*serve does not run\n/,
  );
  const files = JSON.parse(await status('--json')) as Told;
  expect(files).toEqual({
    ...told,
    atMs: expect.any(Number),
    servingMs: undefined,
    rate: undefined,
    backfill: undefined,
    sources: [expect.objectContaining({ name: 'basement' })],
  });
});
