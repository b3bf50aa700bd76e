import { Agent } from 'node:http';
import { connect } from 'node:net';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { jpeg } from '../support/media-files.ts';
import { amzDate, signInQuery } from '../support/sigv4.ts';
import { clientBucket, clientKeys, clientRegion, type WriteWorld, writeWorld } from '../support/write-world.ts';

const key = 'media_attachments/files/109/000/000/000/000/001/original/0123456789abcdef.jpg';
const at = { Bucket: clientBucket, Key: key };
const still = { copy: { minAge: '1h' } };
const below = { [key]: jpeg(5000), 'site_uploads/x.jpg': jpeg(1) };

const outcomeOf = (request: Promise<unknown>) =>
  request.then(
    () => 'done',
    (error: Error) => error.name,
  );

describe.skipIf(needs('ceph').skip)('the write host in trouble', () => {
  test('a suspended picture that only the disk has is not public because its owner looked at it', async () => {
    const { client, upstairs } = await writeWorld({ files: below, config: still });
    await client().send(new PutObjectAclCommand({ ...at, ACL: 'private' }));
    const { Body } = await client().send(new GetObjectCommand(at));
    await Body?.transformToByteArray();
    expect((await upstairs.get(`/${key}`)).status).toBe(404);
  });

  test('nor because it was carried up', async () => {
    const { client, upstairs, facts } = await writeWorld({ files: below, config: { copy: { minAge: '0s' } } });
    await client().send(new PutObjectAclCommand({ ...at, ACL: 'private' }));
    await outcomeOf(client().send(new GetObjectCommand({ ...at, Range: 'bytes=0-0' })));
    await eventually(async () => expect(await facts(key)).toMatchObject({ isPublic: false }));
    expect((await upstairs.get(`/${key}`)).status).toBe(404);
  });

  test('an upload is not confirmed by a page of somebody between Upstairs and the store, nor is a copy', {
    timeout: 120_000,
  }, async () => {
    const cold = 'site_uploads/x.jpg';
    const { client, store, facts, upstairs } = await writeWorld({
      files: below,
      config: { copy: { minAge: '0s', looks: ['1s'], retry: { first: '1s', most: '1s' } } },
    });
    const page = { status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>We are back soon</h1>' };
    store.decide = ({ method, path, query }) =>
      method === 'PUT' && /jpg$/.test(path) && !query.has('acl') ? page : 'pass';
    expect(await outcomeOf(client().send(new PutObjectCommand({ ...at, Body: 'new' })))).toBe('ServiceUnavailable');
    expect((await upstairs.get(`/${cold}`)).status).toBe(200);
    await eventually(() =>
      expect(store.seen.some(({ path, status }) => path.endsWith(cold) && status === 200)).toBe(true),
    );
    store.decide = () => 'pass';
    await eventually(async () => expect(await facts(cold)).toBeDefined(), { withinMs: 60_000 });
    expect((await upstairs.get(`/${key}`)).status).toBe(200);
  });

  test('what is carried up while its owner reads it is found', async () => {
    const { client, upstairs, store } = await writeWorld({ files: below, config: { copy: { minAge: '0s' } } });
    store.decide = ({ method, path, headers }) =>
      method === 'GET' && path.endsWith(key) && headers.authorization ? 'hang' : 'pass';
    const read = outcomeOf(client().send(new GetObjectCommand(at)));
    const did = (method: string, status: number) =>
      store.seen.some((seen) => seen.method === method && seen.path.endsWith(key) && seen.status === status);
    await eventually(() => expect(did('GET', 404)).toBe(true));
    await upstairs.get(`/${key}`);
    await eventually(async () => expect(await upstairs.metric('upstairs_copies_total', { outcome: 'copied' })).toBe(1));
    store.decide = () => 'pass';
    store.release();
    expect(await read).toBe('done');
    expect(await upstairs.metric('upstairs_vanished_total')).toBe(0);
  });

  test('an upload whose completion was confirmed to nobody stays, though the store denies it to the next try', async () => {
    const looks = { copy: { minAge: '1h', looks: ['1s', '2s'] } };
    const { client, store, facts, upstairs } = await writeWorld({ config: looks });
    const mastodon = client();
    await mastodon.send(new PutObjectCommand({ ...at, Body: 'old', ACL: 'public-read' }));
    await mastodon.send(new DeleteObjectCommand(at));
    const { UploadId } = await mastodon.send(new CreateMultipartUploadCommand({ ...at, ACL: 'public-read' }));
    const part = await mastodon.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: 'new' }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] };
    const complete = () =>
      outcomeOf(mastodon.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload })));
    let tries = 0;
    store.decide = ({ method, path, query }) => {
      // The look after the first try comes late, so that the second try is there before it.
      if (method === 'HEAD' && path.endsWith(key) && tries < 2) return { delayMs: 500 };
      if (method !== 'POST' || !query.has('uploadId')) return 'pass';
      tries += 1;
      return tries === 1 ? 'swallow-answer' : { status: 404, body: '<Error><Code>NoSuchUpload</Code></Error>' };
    };
    expect([await complete(), await complete()]).toEqual(['ServiceUnavailable', 'NoSuchUpload']);
    await eventually(async () => expect(await upstairs.metric('upstairs_intents_open')).toBe(0));
    expect(await facts(key)).toBeDefined();
    expect((await upstairs.get(`/${key}`)).text).toBe('new');
  });

  test('an upload that the store refuses at once is answered, and its connection goes on', async () => {
    const { writeUrl, store } = await writeWorld({ config: still });
    const client = overOneConnection(writeUrl);
    store.decide = ({ method, path }) =>
      method === 'PUT' && path.endsWith(key)
        ? { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' }
        : 'pass';
    expect(await outcomeOf(client.send(new PutObjectCommand({ ...at, Body: Buffer.alloc(30e6) })))).toBe(
      'AccessDenied',
    );
    expect(await outcomeOf(client.send(new HeadBucketCommand({ Bucket: clientBucket })))).toBe('done');
  }, 20_000);

  test('a store that does not end its answer keeps nobody waiting', async () => {
    const { client, store } = await writeWorld({ config: { ...still, write: { answerWithin: '1s' } } });
    store.decide = ({ method, path }) =>
      method === 'DELETE' && path.endsWith(key) ? { status: 200, headers: { 'content-length': '9' } } : 'pass';
    const began = performance.now();
    await outcomeOf(client().send(new DeleteObjectCommand(at)));
    expect(performance.now() - began).toBeLessThan(4000);
  });

  test('slow readers of presigned URLs do not keep writes from the store', async () => {
    const world = await writeWorld({ config: { ...still, bucket: { connections: 4 } } });
    const client = world.client();
    await client.send(new PutObjectCommand({ ...at, Body: Buffer.alloc(30e6) }));
    for (let n = 0; n < 8; n += 1) readSlowly(world);
    await eventually(() =>
      expect(world.store.seen.filter(({ method, path }) => method === 'GET' && path.endsWith(key)).length).toBe(2),
    );
    expect(await outcomeOf(client.send(new DeleteObjectCommand({ ...at, Key: 'other.jpg' })))).toBe('done');
  });
});

function overOneConnection(endpoint: string): S3Client {
  const { accessKey: accessKeyId, secretKey: secretAccessKey } = clientKeys.mastodon;
  const client = new S3Client({
    endpoint,
    region: clientRegion,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    requestHandler: new NodeHttpHandler({ httpAgent: new Agent({ keepAlive: true, maxSockets: 1 }) }),
  });
  onTestFinished(() => client.destroy());
  return client;
}

/** Asks for the object by a presigned URL, and takes nothing of the answer. */
function readSlowly({ writePort }: WriteWorld): void {
  const host = `127.0.0.1:${writePort}`;
  const asked = {
    method: 'GET',
    path: `/${clientBucket}/${key}`,
    query: '',
    headers: [['Host', host]],
    body: Buffer.alloc(0),
  } as const;
  const signing = { ...clientKeys.mastodon, region: clientRegion, date: amzDate(new Date()) };
  const { path, query } = signInQuery(asked, signing, '3600');
  const socket = connect(writePort, '127.0.0.1').pause();
  socket.on('error', () => undefined);
  socket.write(`GET ${path}?${query} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  onTestFinished(() => void socket.destroy());
}
