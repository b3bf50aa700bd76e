import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadObjectCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { mp4 } from '../support/media-files.ts';
import { PeakMemory } from '../support/peak-memory.ts';
import { startRgw } from '../support/rgw.ts';
import { world } from '../support/world.ts';

const size = 600_000_000;
const mostBytes = 100_000_000;

describe.skipIf(needs('ceph').skip)('a copy of 600 MB takes less than 100 MB more memory', { timeout: 900_000 }, () => {
  test.each([
    ['through the spool', {}],
    ['read twice, where the spool has no room', { spool: { disk: '16MiB' } }],
  ])('%s', async (_how, config) => {
    // Its own, and gone with the test: it keeps in memory what it is given.
    const rgw = await startRgw();
    onTestFinished(() => rgw.stop());
    const { upstairs, bucket, root } = await world({
      rgw,
      files: { 'small.mp4': mp4(1, 12_000_000) },
      config: { copy: { multipartAbove: '5MiB', minAge: '0s' }, ...config },
    });
    const md5 = await writeLarge(join(root, 'large.mp4'));
    const copied = async (count: number) => {
      await eventually(
        async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(count),
        { withinMs: 600_000, everyMs: 500 },
      );
    };
    const ask = (path: string) => upstairs.get(path, { headers: { range: 'bytes=0-9' } });
    expect((await ask('/small.mp4')).status).toBe(206);
    await copied(1);

    const memory = new PeakMemory(upstairs.pid);
    expect((await ask('/large.mp4')).status).toBe(206);
    await copied(2);
    const { more } = memory;
    console.log(`600 MB in parts took ${Math.round(more / 1e6)} MB more memory`);
    const stored = await rgw.client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'large.mp4' }));
    expect(stored.ContentLength).toBe(size);
    expect(stored.ETag).toMatch(/-36"$/);
    expect(stored.Metadata?.md5chksum).toBe(md5);
    const { Uploads = [] } = await rgw.client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    expect(Uploads).toEqual([]);
    expect(more).toBeLessThan(mostBytes);
  });
});

/** Writes a file of which no two parts are alike, and tells its MD5 in base64. */
async function writeLarge(path: string): Promise<string> {
  const piece = Buffer.from(mp4(2, 1_000_000));
  const hash = createHash('md5');
  const file = await open(path, 'w', 0o644);
  for (let at = 0; at < size; at += piece.length) {
    piece.writeUInt32BE(at, 100);
    hash.update(piece);
    await file.write(piece);
  }
  await file.close();
  return hash.digest('base64');
}
