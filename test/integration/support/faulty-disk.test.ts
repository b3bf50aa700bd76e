import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mountFaultyDisk } from '../../support/faulty-disk.ts';
import { needs } from '../../support/left-out.ts';
import { scratch } from '../../support/scratch.ts';

const filled = async () => {
  const source = scratch('source');
  await writeFile(join(source, 'a'), Buffer.alloc(100_000, 7));
  await writeFile(join(source, 'b'), 'fine');
  return source;
};

describe.skipIf(needs('fuse').skip)('the disk that fails on command', () => {
  test('counts what is read of it, byte by byte', async () => {
    await using disk = await mountFaultyDisk(await filled(), { directIo: true });
    expect((await readFile(join(disk.mountPoint, 'a'))).length).toBe(100_000);
    expect(await disk.bytesRead('a')).toBe(100_000);
    expect(await disk.bytesRead('b')).toBe(0);
  });

  test('fails as its rules say, and heals', async () => {
    await using disk = await mountFaultyDisk(await filled(), { directIo: true });
    await disk.setRules([{ match: 'a', op: 'read', after_bytes: 50_000 }]);
    await expect(readFile(join(disk.mountPoint, 'a'))).rejects.toMatchObject({ code: 'EIO' });
    expect(await readFile(join(disk.mountPoint, 'b'), 'utf8')).toBe('fine');
    expect(await disk.bytesRead('a')).toBe(50_000);

    await disk.setRules([]);
    expect((await readFile(join(disk.mountPoint, 'a'))).length).toBe(100_000);
    await expect(disk.setRules([{ errno: 'NONSENSE' }])).rejects.toThrow(/NONSENSE/);
  });

  test('is taken away even while an operation hangs, and leaves its source alone', async () => {
    const source = await filled();
    const disk = await mountFaultyDisk(source, { directIo: true });
    await disk.setRules([{ match: 'a', op: 'read', hang: true }]);
    const hung = readFile(join(disk.mountPoint, 'a'));
    const failed = expect(hung).rejects.toMatchObject({ code: 'EIO' });
    await disk.unmount();
    await failed;
    expect(existsSync(dirname(disk.mountPoint))).toBe(false);
    expect((await stat(join(source, 'a'))).size).toBe(100_000);
  });
});
