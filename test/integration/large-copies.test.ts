import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { Decide, ProxiedRequest } from '../support/fault-proxy.ts';
import { needs } from '../support/left-out.ts';
import { type Lives, lives, once } from '../support/lives.ts';
import { mastodonKey, mp4 } from '../support/media-files.ts';
import { clientBucket } from '../support/write-world.ts';

const key = mastodonKey(1, 'mp4');
/** Three parts: two of 16 MiB and the rest. */
const bytes = mp4(1, 40_000_000);
const md5 = createHash('md5').update(bytes).digest('hex');
const patience = { withinMs: 60_000, everyMs: 100 };
const config = {
  copy: { multipartAbove: '5MiB', looks: ['300ms', '600ms', '1s'], retry: { first: '100ms', most: '500ms' } },
  cache: { maxObject: '1MiB' },
};

const isPart = (n: number) => (request: ProxiedRequest) =>
  request.method === 'PUT' && request.query.get('partNumber') === String(n);
const isBegin = ({ method, query }: ProxiedRequest) => method === 'POST' && query.has('uploads');
const isComplete = ({ method, query }: ProxiedRequest) => method === 'POST' && query.has('uploadId');
/** The copier's own look, not a reader's. */
const isLook = ({ method, headers }: ProxiedRequest) =>
  method === 'HEAD' && String(headers['user-agent']).includes('aws-sdk');

async function oneFile(more: { mode?: number; config?: object } = {}): Promise<Lives> {
  const { mode = 0o644 } = more;
  return await lives({ files: { [key]: { bytes, mode } }, config: { ...config, ...more.config } });
}

async function leftUploads({ world }: Lives): Promise<number> {
  const { Uploads = [] } = await world.rgw.client.send(new ListMultipartUploadsCommand({ Bucket: world.bucket }));
  return Uploads.length;
}

const status = ({ world }: Lives, name: string) => world.upstairs.metric('upstairs_ledger_keys', { status: name });
/** Somebody reads the beginning: a copy is wanted. */
const ask = ({ world }: Lives) => world.upstairs.get(`/${key}`, { headers: { range: 'bytes=0-9' } });
const sent = ({ world }: Lives, which: (request: ProxiedRequest) => boolean) =>
  world.store.seen.filter((seen) => which({ ...seen, headers: {} }));

async function expectCopied(life: Lives): Promise<void> {
  await eventually(async () => expect(await status(life, 'copied')).toBe(1), patience);
  const facts = await life.world.facts(key);
  expect([facts?.size, facts?.md5, facts?.isPublic]).toEqual([bytes.length, md5, true]);
}

/** Holds back the first request that matches; resolves when it has come. */
function held(life: Lives, which: (request: ProxiedRequest) => boolean): Promise<void> {
  return new Promise((come) => {
    const fault: Decide = () => {
      come();
      return 'hang';
    };
    life.faults.set(key, once(which, fault));
  });
}

describe.skipIf(needs('ceph').skip)('a file too large for one request', { timeout: 180_000 }, () => {
  test('goes up in parts, with all that other copies have', async () => {
    const life = await oneFile();
    await ask(life);
    await expectCopied(life);
    const facts = await life.world.facts(key);
    const { mtimeMs } = await stat(join(life.world.root, key));
    expect(facts).toMatchObject({ contentType: 'video/mp4', cacheControl: 'public, max-age=315576000, immutable' });
    expect(facts?.etag).toMatch(/-3$/);
    expect(facts?.metadata).toMatchObject({ md5chksum: Buffer.from(md5, 'hex').toString('base64') });
    expect(Math.trunc(Number(facts?.metadata.mtime))).toBe(Math.trunc(mtimeMs / 1000));
    expect(await leftUploads(life)).toBe(0);
    const read = await life.world.upstairs.get(`/${key}`);
    expect([read.status, read.headers.etag, read.body.equals(bytes)]).toEqual([200, `"${md5}"`, true]);
    await life.settled();
  });

  test('that is not for the public is private', async () => {
    const life = await oneFile({ mode: 0o600 });
    expect((await ask(life)).status).toBe(404);
    await eventually(async () => expect(await status(life, 'copied')).toBe(1), patience);
    expect(await life.world.facts(key)).toMatchObject({ md5, isPublic: false });
  });

  test('and for the spool is read twice', async () => {
    const life = await oneFile({ config: { spool: { disk: '1MiB', memory: '1MiB' } } });
    await ask(life);
    await expectCopied(life);
    expect(await leftUploads(life)).toBe(0);
  });

  test('never replaces what arrives while its parts go up, and leaves no parts', async () => {
    const life = await oneFile();
    const { rgw, bucket, facts } = life.world;
    const put = () => rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'newer' }));
    life.faults.set(key, once(isPart(3), { before: put }));
    await ask(life);
    await eventually(async () => expect(await status(life, 'superseded')).toBe(1), patience);
    expect(Buffer.from((await facts(key))?.body ?? '').toString()).toBe('newer');
    expect(sent(life, isComplete)).toEqual([]);
    await eventually(async () => expect(await leftUploads(life)).toBe(0), patience);
  });

  test("that changes while its parts go up becomes no object, and leaves no parts but a client's own", async () => {
    const life = await oneFile({ config: { spool: { disk: '1MiB', memory: '1MiB' } } });
    const { rgw, bucket, root, facts } = life.world;
    const theirs = await rgw.client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
    const rewrite = async () => {
      const file = await open(join(root, key), 'r+');
      await file.write(Buffer.from('something else'), 0, 14, 35_000_000);
      await file.close();
    };
    life.faults.set(key, once(isPart(2), { before: rewrite }));
    await ask(life);
    const aborted = ({ method, query }: ProxiedRequest) => method === 'DELETE' && query.has('uploadId');
    await eventually(() => expect(sent(life, aborted).length).toBeGreaterThan(0), patience);
    await eventually(async () => expect(await leftUploads(life)).toBe(1), patience);
    expect(sent(life, isComplete)).toEqual([]);
    expect(sent(life, aborted).every(({ query }) => query.get('uploadId') !== theirs.UploadId)).toBe(true);
    expect(await facts(key)).toBeUndefined();
    expect(await status(life, 'copied')).toBe(0);
  });

  test('goes on over a part whose answer is lost', async () => {
    const life = await oneFile();
    life.faults.set(key, once(isPart(2), 'swallow-answer'));
    await ask(life);
    await expectCopied(life);
    expect(sent(life, isPart(2)).length).toBe(2);
    expect(sent(life, isBegin).length).toBe(1);
  });

  test('whose completion is done, its answer lost, is found by a look and not sent again', async () => {
    const life = await oneFile();
    life.faults.set(key, once(isComplete, 'swallow-answer'));
    await ask(life);
    await expectCopied(life);
    await life.settled();
    expect(sent(life, isComplete).length).toBe(1);
    expect(await leftUploads(life)).toBe(0);
  });

  test('whose completion is never carried out goes up again after the last look', async () => {
    const life = await oneFile();
    life.faults.set(key, once(isComplete, { status: 500 }));
    await ask(life);
    await expectCopied(life);
    expect(sent(life, isComplete).length).toBe(2);
    await eventually(async () => expect(await leftUploads(life)).toBe(0), { withinMs: 90_000, everyMs: 500 });
  });

  const phases: [string, (request: ProxiedRequest) => boolean][] = [
    ['its first part', isPart(1)],
    ['its second part', isPart(2)],
    ['its completion', isComplete],
  ];
  test.each(phases)('when the program is killed at %s ends as one right object, and no parts', async (_when, which) => {
    const life = await oneFile();
    const come = held(life, which);
    await ask(life);
    await come;
    await life.again('SIGKILL');
    await ask(life);
    await expectCopied(life);
    await life.settled();
    await eventually(async () => expect(await leftUploads(life)).toBe(0), { withinMs: 90_000, everyMs: 500 });
  });

  test('when the program is killed at its look before the completion ends so, too', async () => {
    const life = await oneFile();
    let looks = 0;
    const come = held(life, (request) => isLook(request) && ++looks === 2);
    await ask(life);
    await come;
    await life.again('SIGKILL');
    await ask(life);
    await expectCopied(life);
    await eventually(async () => expect(await leftUploads(life)).toBe(0), patience);
  });

  test('stays deleted when a client deletes it while its parts go up', async () => {
    const life = await oneFile();
    const come = held(life, isPart(2));
    await ask(life);
    await come;
    await life.world.client().send(new DeleteObjectCommand({ Bucket: clientBucket, Key: key }));
    life.world.store.release();
    await life.settled();
    expect(await life.seen(key)).toBe(404);
    expect(await life.world.facts(key)).toBeUndefined();
    await eventually(async () => expect(await leftUploads(life)).toBe(0), patience);
  });

  test.each(phases.slice(1))("gives way to a client's upload that comes at %s", async (when, which) => {
    const life = await oneFile();
    const come = held(life, which);
    await ask(life);
    await come;
    const put = () =>
      life.world
        .client()
        .send(new PutObjectCommand({ Bucket: clientBucket, Key: key, Body: 'newer', ACL: 'public-read' }));
    // While the completion may still land, the client has to wait.
    if (when === 'its completion') await expect(put()).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
    life.world.store.release();
    await eventually(put, patience);
    await life.settled();
    expect(await life.seen(key)).toBe('newer');
    await eventually(async () => expect(await leftUploads(life)).toBe(0), { withinMs: 90_000, everyMs: 500 });
  });
});
