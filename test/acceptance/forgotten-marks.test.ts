import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { all, byKey } from '../support/by-key.ts';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { type Lives, lives } from '../support/lives.ts';
import { basement } from '../support/media-files.ts';
import { runUpstairs } from '../support/run-upstairs.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig } from '../support/upstairs.ts';
import { clientBucket } from '../support/write-world.ts';

const unrelated = 'site_uploads/files/000/000/001/original/unrelated.jpg';
const hourMs = 3600 * 1000;

/** Ends the program, lets `meanwhile` happen, puts all marks two hours back, and starts it again. Resolves once the sweep was through. */
async function twoHoursLater(at: Lives, meanwhile: () => void): Promise<void> {
  await at.settled();
  await at.world.upstairs.kill();
  meanwhile();
  const marks = <T>(use: (db: DatabaseSync) => T): T => {
    const db = new DatabaseSync(join(at.stateDir, 'marks.db'), { timeout: 5000 });
    try {
      return use(db);
    } finally {
      db.close();
    }
  };
  marks((db) => db.prepare('UPDATE marks SET changed_ms = changed_ms - ?').run(2 * hourMs));
  await at.again('SIGKILL');
  const due = 'SELECT count(*) AS n FROM marks WHERE kept = 0 AND changed_ms < ?';
  await eventually(() => marks((db) => db.prepare(due).get(Date.now() - hourMs)?.n === 0), { withinMs: 40_000 });
}

const deleted = (at: Lives, Key: string) =>
  at.world.client().send(new DeleteObjectCommand({ Bucket: clientBucket, Key }));

describe.skipIf(needs('ceph').skip)('a mark is not forgotten', { timeout: 120_000 }, () => {
  test('while what a source had is not found there: a part of the disk is away, and comes back', async () => {
    const [copied, scanned] = ['copied', 'scanned'].map(
      (name) => `media_attachments/files/109/001/002/003/004/005/original/${name}.jpg`,
    ) as [string, string];
    const keys = [copied, scanned];
    const root = scratch('root');
    await basement(root, Object.fromEntries([...keys, unrelated].map((key) => [key, Buffer.from(key)])));
    const at = await lives({ config: { sources: [{ type: 'disk', name: 'basement', root }] } });
    const { store, bucket } = at.world;
    await runUpstairs(['scan'], baseConfig({ endpoint: store.endpoint, bucket, root, stateDir: at.stateDir }));
    expect(await at.seen(copied)).toBe(copied);
    await eventually(async () => (await at.world.puts(copied)).includes(200));
    for (const key of keys) await deleted(at, key);
    expect(await byKey(keys, at.seen)).toEqual(all(keys, 404));

    const [there, away] = [join(root, 'media_attachments'), join(root, '.away')];
    await twoHoursLater(at, () => renameSync(there, away));
    renameSync(away, there);
    expect(await byKey(keys, at.seen)).toEqual(all(keys, 404));
    expect(await at.seen(unrelated)).toBe(unrelated);
  });

  test('while the bucket has what was deleted: the store had confirmed it, and had not done it', async () => {
    const key = 'media_attachments/files/109/001/002/003/004/005/original/above.jpg';
    const at = await lives({ files: { [unrelated]: Buffer.from('unrelated') } });
    await at.world
      .client()
      .send(new PutObjectCommand({ Bucket: clientBucket, Key: key, Body: 'above', ACL: 'public-read' }));
    expect(await at.seen(key)).toBe('above');
    at.faults.set(key, ({ method }) => (method === 'DELETE' ? { status: 204 } : 'pass'));
    await deleted(at, key);
    expect(await at.world.facts(key)).toBeDefined();

    await twoHoursLater(at, () => undefined);
    expect(await at.seen(key)).toBe(404);
  });
});
