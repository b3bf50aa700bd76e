import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { execPath, env as ours } from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { compareAll } from '../../demo/compare.ts';
import { readMediaTree } from '../../demo/media-tree.ts';
import { startStore } from '../../demo/store.ts';
import { mountFaultyDisk } from '../support/faulty-disk.ts';
import { needs } from '../support/left-out.ts';
import { basement, jpeg, mastodonKey, mp4, png, writeMedia } from '../support/media-files.ts';
import { scratch } from '../support/scratch.ts';

const run = fileURLToPath(new URL('../../demo/run.ts', import.meta.url));

describe('the demo', () => {
  test('shows every file carried up and equal, and leaves nothing behind', async () => {
    const root = scratch('media');
    await basement(root, {
      [mastodonKey(1, 'jpg')]: jpeg(1),
      [mastodonKey(2, 'mp4')]: mp4(2, 2_000_000),
      'custom_emojis/images/000/000/003/original/böse 100%+.png': png(3),
      'accounts/avatars/000/000/004/original/empty.gif': '',
    });
    const { code, output, left } = await runDemo('--media', root);
    expect(code, output).toBe(0);
    expect(output).toMatch(/^1 s: \d+ answers: basement \d+%/m);
    expect(output).toContain('4 of 4 files were copied');
    expect(left).toEqual([]);
  });

  test.skipIf(needs('fuse').skip)('says which file was not carried up, and fails', async () => {
    const root = scratch('media');
    await writeMedia(root, mastodonKey(1, 'jpg'), jpeg(1));
    await writeMedia(root, mastodonKey(2, 'jpg'), jpeg(2));
    // It is listed, and cannot be read.
    await using disk = await mountFaultyDisk(root, {
      rules: [{ match: mastodonKey(2, 'jpg'), op: 'read', errno: 'EIO' }],
    });
    const { code, output, left } = await runDemo('--media', disk.mountPoint);
    expect(code).toBe(1);
    expect(output).toContain(`${mastodonKey(2, 'jpg')}: it was not copied`);
    expect(output).toContain('1 of 2 files were copied');
    expect(left).toEqual([]);
  });

  test('refuses a directory that is none', async () => {
    const { code, output } = await runDemo('--media', '/nowhere');
    expect(code).toBe(1);
    expect(output).toContain('It is not a directory.');
  });
});

describe('its comparison', () => {
  const right = { Body: jpeg(1), ContentType: 'image/jpeg', Metadata: { mtime: '1614834367.5' } };

  test.each([
    ['finds an equal object right', right, undefined],
    ['sees a missing object', undefined, 'it was not copied'],
    ['sees one changed byte', { ...right, Body: withOneBitChanged(jpeg(1)) }, 'the bytes differ'],
    ['sees a wrong content type', { ...right, ContentType: 'image/png' }, 'its content type is image/png'],
    ['sees a date that lost its fraction', { ...right, Metadata: { mtime: '1614834367' } }, 'its x-amz-meta-mtime is'],
    ['sees a missing date', { ...right, Metadata: {} }, 'its x-amz-meta-mtime is undefined'],
  ])('%s', async (_name, object, what) => {
    const store = await startStore('media');
    onTestFinished(() => store.close());
    const root = scratch('media');
    const key = mastodonKey(1, 'jpg');
    await writeMedia(root, key, jpeg(1), { mtime: 1_614_834_367.5 });
    if (object) await store.client.send(new PutObjectCommand({ Bucket: store.bucket, Key: key, ...object }));
    const { files } = await readMediaTree(root);
    const expected = what === undefined ? [] : [{ key, what: expect.stringContaining(what) }];
    expect(await compareAll(store.client, store.bucket, files)).toEqual(expected);
  });
});

/** Runs it with `--once` for a second; `left` is what it left in the directory for temporary files. */
async function runDemo(...options: string[]): Promise<{ code: number; output: string; left: string[] }> {
  const tmp = scratch('tmp');
  const child = spawn(execPath, [run, '--once', '--seconds', '1', ...options], {
    env: { PATH: ours.PATH, HOME: ours.HOME, TMPDIR: tmp },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill());
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, output: out + err, left: readdirSync(tmp) };
}

function withOneBitChanged(bytes: Buffer): Buffer {
  bytes[bytes.length - 3]! ^= 1;
  return bytes;
}
