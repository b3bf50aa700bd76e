import { copyFileSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { TlsFiles } from '../../../src/http/tls-files.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { needs } from '../../support/left-out.ts';
import { scratch } from '../../support/scratch.ts';

type Pair = { readonly cert: string; readonly key: string };

describe.skipIf(needs('openssl').skip)('a certificate that is renewed while it is used', () => {
  const first = makeCertificate(['files.test']);
  const second = makeCertificate(['files.test']);
  const ended = makeCertificate(['files.test'], { days: -1 });

  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  async function used(begin: Pair = first) {
    const dir = scratch('live');
    const at: Pair = { cert: join(dir, 'fullchain.pem'), key: join(dir, 'privkey.pem') };
    for (const half of ['cert', 'key'] as const) copyFileSync(begin[half], at[half]);
    const told: string[] = [];
    const files = await TlsFiles.open({
      ...at,
      renewed: () => void told.push('renewed'),
      failed: (error) => void told.push((error as Error).message),
    });
    onTestFinished(() => files.close());
    const uses = (pair: Pair) => files.pair.cert === readFileSync(pair.cert, 'utf8');
    const look = async () => {
      vi.advanceTimersByTime(2000);
      await sleep(60);
    };
    /** Looks until it is as it should be. */
    const becomes = (pair: Pair, telling: unknown[]) =>
      eventually(async () => {
        await look();
        expect([uses(pair), told]).toEqual([true, telling]);
      });
    return { at, told, uses, look, becomes };
  }

  test('may come in any order and in pieces: nothing is told, and the old one is used until the new one is whole', async () => {
    const { at, told, uses, look, becomes } = await used();
    copyFileSync(second.key, at.key);
    await look();
    const chain = readFileSync(second.cert, 'utf8');
    writeFileSync(at.cert, chain.slice(0, 300));
    await look();
    expect(uses(first)).toBe(true);
    writeFileSync(at.cert, chain.slice(0, chain.length - 100));
    await look();
    expect([uses(first), told]).toEqual([true, []]);
    writeFileSync(at.cert, chain);
    await becomes(second, ['renewed']);
  });

  test('is found behind links that are swapped one after the other', async () => {
    const { at, look, becomes } = await used();
    for (const half of ['key', 'cert'] as const) {
      symlinkSync(second[half], `${at[half]}.new`);
      renameSync(`${at[half]}.new`, at[half]);
      await look();
    }
    await becomes(second, ['renewed']);
  });

  test.each([
    ['has ended already', () => ended],
    ['does not belong to the certificate in cert', () => ({ cert: second.cert, key: first.key })],
    ['holds no certificate in PEM', () => ({ cert: second.key, key: second.key })],
  ])('is told of once, and not used, where it %s', async (why, wrong) => {
    const { at, told, look, becomes } = await used();
    for (const half of ['cert', 'key'] as const) copyFileSync(wrong()[half], at[half]);
    await becomes(first, [expect.stringContaining(why)]);
    for (let i = 0; i < 3; i++) await look();
    expect(told).toHaveLength(1);
    for (const half of ['cert', 'key'] as const) copyFileSync(second[half], at[half]);
    await becomes(second, [expect.anything(), 'renewed']);
  });

  test('is missed for a while, and used when it is back', async () => {
    const { at, becomes } = await used();
    rmSync(at.cert);
    await becomes(first, [expect.stringContaining('ENOENT')]);
    copyFileSync(second.cert, at.cert);
    copyFileSync(second.key, at.key);
    await becomes(second, [expect.anything(), 'renewed']);
  });

  test('is better than one that has ended, even if it has ended too', async () => {
    const { at, becomes } = await used(ended);
    const later = makeCertificate(['files.test'], { days: -1 });
    for (const half of ['cert', 'key'] as const) copyFileSync(later[half], at[half]);
    await becomes(later, ['renewed']);
  });
});
