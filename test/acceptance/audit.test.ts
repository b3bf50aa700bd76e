import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type Forge, type ForgeContext, forge, wireBytes } from '../support/forge.ts';
import { needs } from '../support/left-out.ts';
import { sendRaw } from '../support/raw-http.ts';
import type { LogLine } from '../support/upstairs.ts';
import {
  type ClientName,
  clientBucket,
  clientKeys,
  clientRegion,
  type WriteWorld,
  type WriteWorldOptions,
  writeWorld,
} from '../support/write-world.ts';

const Bucket = clientBucket;
/** Two keys of which nobody knows yet. */
let pairs = 0;
function twoKeys() {
  pairs += 1;
  const folder = `media_attachments/files/${pairs}`;
  return { a: { Bucket, Key: `${folder}/original/a.jpg` }, b: { Bucket, Key: `${folder}/original/b.jpg` } };
}
const unknown = 'media_attachments/files/0/original/never-written.jpg';

/** A write host that was asked for nothing yet, and what it has on record since. */
async function audited(options: WriteWorldOptions = {}) {
  const at = await writeWorld(options);
  const s3 = at.client();
  let seen = 0;
  /** So many lines that are new, and no more. */
  const lines = async (count: number): Promise<LogLine[]> => {
    const all = () => at.upstairs.logs.filter(({ event }) => event === 'audit').slice(seen);
    await eventually(() => all().length >= count);
    // What is on record comes with the answer, in the order of the answers: this one is behind it.
    await sent(at, { method: 'DELETE', key: 'the-last.jpg', by: 'reader' });
    await eventually(() => all().some(({ key }) => key === 'the-last.jpg'));
    const found = all();
    seen += found.length;
    expect(found.pop()).toMatchObject({ key: 'the-last.jpg', code: 'AccessDenied' });
    expect(found).toHaveLength(count);
    return found;
  };
  return { at, s3, lines };
}

function contextOf({ bucket, rgw }: WriteWorld): ForgeContext {
  return {
    bucket: clientBucket,
    storeBucket: bucket,
    otherBucket: 'other',
    host: 's3.test',
    region: clientRegion,
    keys: clientKeys,
    storeKey: rgw,
    upload: { key: '', id: '', etag: '' },
    now: new Date(),
  };
}

/** Sends a request that no SDK would; resolves to its bytes on the wire, and the answer. */
async function sent(at: WriteWorld, request: Forge) {
  const bytes = wireBytes(forge(contextOf(at), request));
  return { bytes: bytes.toString('latin1'), ...(await sendRaw(at.writePort, bytes)) };
}

const line = (operation: string, Key: string, status: number, outcome?: string) => ({
  event: 'audit',
  caller: 'mastodon',
  address: '127.0.0.1',
  operation,
  key: Key,
  status,
  ...(outcome && { outcome }),
});

describe.skipIf(needs('ceph').skip)('the audit log', () => {
  const ends: (() => Promise<unknown>)[] = [];
  let shared: Awaited<ReturnType<typeof audited>>;
  beforeAll(async () => {
    shared = await audited({ atEnd: (end) => ends.unshift(end) });
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  test('has one line for every write, ACL change and delete', async () => {
    const { s3, lines } = shared;
    const { a, b } = twoKeys();
    const put = await s3.send(new PutObjectCommand({ ...a, Body: 'a picture', ACL: 'public-read' }));
    await s3.send(new CopyObjectCommand({ ...b, CopySource: `${a.Bucket}/${a.Key}` }));
    await s3.send(new PutObjectAclCommand({ ...a, ACL: 'private' }));
    await s3.send(new PutObjectAclCommand({ ...a, ACL: 'public-read' }));
    await s3.send(new DeleteObjectCommand(a));
    const found = await lines(5);
    expect(found).toMatchObject([
      line('PutObject', a.Key, 200, 'done'),
      line('CopyObject', b.Key, 200, 'done'),
      line('PutObjectAcl', a.Key, 200, 'done'),
      line('PutObjectAcl', a.Key, 200, 'done'),
      line('DeleteObject', a.Key, 204, 'done'),
    ]);
    expect(found[0]?.request).toBe(put.$metadata.requestId);
    expect(new Set(found.map(({ request }) => request)).size).toBe(5);
  });

  test('has a line for every step of a multipart upload', async () => {
    const { s3, lines } = shared;
    const { a, b } = twoKeys();
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(a));
    const { ETag } = await s3.send(new UploadPartCommand({ ...a, UploadId, PartNumber: 1, Body: 'part' }));
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
    await s3.send(new CompleteMultipartUploadCommand({ ...a, UploadId, MultipartUpload }));
    const other = await s3.send(new CreateMultipartUploadCommand(b));
    await s3.send(new AbortMultipartUploadCommand({ ...b, UploadId: other.UploadId }));
    expect(await lines(5)).toMatchObject([
      line('CreateMultipartUpload', a.Key, 200, 'begun'),
      line('UploadPart', a.Key, 200),
      line('CompleteMultipartUpload', a.Key, 200, 'done'),
      line('CreateMultipartUpload', b.Key, 200, 'begun'),
      line('AbortMultipartUpload', b.Key, 204, 'aborted'),
    ]);
  });

  test('has a line for each key of a batch, also for those that were not deleted', async () => {
    const { at, lines } = shared;
    const { a } = twoKeys();
    const own = Array.from({ length: 200 }, (_, n) => ({ Key: `scoped/${n}.jpg` }));
    await at
      .client('scoped')
      .send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [...own, { Key: a.Key }], Quiet: true } }));
    const found = await lines(201);
    expect(new Map(found.map(({ key, outcome }) => [key, outcome]))).toEqual(
      new Map([[a.Key, 'AccessDenied'], ...own.map(({ Key }) => [Key, 'done'] as const)]),
    );
    for (const one of found) expect(one).toMatchObject({ caller: 'scoped', operation: 'DeleteObjects', status: 200 });
    expect(new Set(found.map(({ request }) => request)).size).toBe(1);
  });

  test('has no line for what was only read', async () => {
    const { s3, lines } = shared;
    const { a, b } = twoKeys();
    await s3.send(new PutObjectCommand({ ...a, Body: 'a picture' }));
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(b));
    await lines(2);
    await (await s3.send(new GetObjectCommand(a))).Body?.transformToString();
    await (await s3.send(new GetObjectCommand({ ...a, Range: 'bytes=0-1' }))).Body?.transformToString();
    await s3.send(new HeadObjectCommand(a));
    await s3.send(new GetObjectAclCommand(a));
    await s3.send(new ListObjectsCommand({ Bucket }));
    await s3.send(new ListObjectsV2Command({ Bucket }));
    await s3.send(new ListPartsCommand({ ...b, UploadId }));
    await s3.send(new ListMultipartUploadsCommand({ Bucket }));
    await s3.send(new HeadBucketCommand({ Bucket }));
    await s3.send(new GetBucketLocationCommand({ Bucket }));
    await lines(0);
  });

  test.each<[string, Forge, object]>([
    ['nobody', { unsigned: true }, { code: 'AccessDenied' }],
    ['a wrong secret', { by: { ...clientKeys.mastodon, secretKey: 'x' } }, { code: 'SignatureDoesNotMatch' }],
    ['an unknown key', { by: { accessKey: 'EVE', secretKey: 'x' } }, { code: 'InvalidAccessKeyId' }],
    [
      'a reader that deletes',
      { method: 'DELETE', key: unknown, by: 'reader' },
      { caller: 'reader', operation: 'DeleteObject', key: unknown, code: 'AccessDenied' },
    ],
    [
      'a key outside the prefix',
      { key: unknown, by: 'scoped' },
      { caller: 'scoped', operation: 'GetObject', key: unknown, code: 'AccessDenied' },
    ],
    [
      'a key that is not there',
      { key: unknown },
      { caller: 'mastodon', operation: 'GetObject', key: unknown, code: 'NoSuchKey' },
    ],
    ['what nobody knows', { query: 'torrent' }, { caller: 'mastodon', code: 'NotImplemented' }],
    [
      'a body that is another',
      { method: 'PUT', key: unknown, body: 'evil', headers: { 'X-Amz-Content-Sha256': '0'.repeat(64) } },
      {
        caller: 'mastodon',
        operation: 'PutObject',
        key: unknown,
        code: 'XAmzContentSHA256Mismatch',
        outcome: 'refused',
      },
    ],
  ])('has one line for %s', async (_who, request, expected) => {
    const { at, lines } = shared;
    const { status } = await sent(at, request);
    const [found] = await lines(1);
    expect(found).toMatchObject({ address: '127.0.0.1', status, ...expected });
    for (const name of ['caller', 'operation', 'key', 'outcome']) expect(name in (found ?? {})).toBe(name in expected);
  });

  test('says of what got no answer that nobody knows yet', async () => {
    const { at, s3, lines } = shared;
    const { a, b } = twoKeys();
    await s3.send(new PutObjectCommand({ ...a, Body: 'a picture' }));
    await lines(1);
    at.store.decide = ({ method }) => (method === 'DELETE' || method === 'PUT' ? 'swallow-answer' : 'pass');
    for (const command of [new PutObjectCommand({ ...b, Body: 'b' }), new DeleteObjectCommand(a)])
      await expect(s3.send(command as PutObjectCommand)).rejects.toMatchObject({ name: 'ServiceUnavailable' });
    at.store.decide = () => 'pass';
    expect(await lines(2)).toMatchObject([
      line('PutObject', b.Key, 503, 'unknown'),
      line('DeleteObject', a.Key, 503, 'unknown'),
    ]);
  });

  test('says for each key of a batch whose answer broke off that nobody knows yet', async () => {
    const { at, s3, lines } = shared;
    const { a, b } = twoKeys();
    at.store.decide = ({ method, query }) =>
      method === 'POST' && query.has('delete') ? { abortAfterResponseBytes: 20 } : 'pass';
    const Delete = { Objects: [{ Key: a.Key }, { Key: b.Key }] };
    const { Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete }));
    at.store.decide = () => 'pass';
    expect(Errors).toMatchObject([
      { Key: a.Key, Code: 'ServiceUnavailable' },
      { Key: b.Key, Code: 'ServiceUnavailable' },
    ]);
    expect(await lines(2)).toMatchObject([
      line('DeleteObjects', a.Key, 200, 'unknown'),
      line('DeleteObjects', b.Key, 200, 'unknown'),
    ]);
  });

  test('has the address that a trusted proxy tells, and nobody else’s word', async () => {
    const del: Forge = { method: 'DELETE', key: unknown, headers: { 'X-Forwarded-For': '203.0.113.9' } };
    const behind = await audited({ trustProxy: ['127.0.0.1'] });
    await sent(behind.at, del);
    expect(await behind.lines(1)).toMatchObject([{ address: '203.0.113.9', outcome: 'done' }]);
    await sent(shared.at, del);
    expect(await shared.lines(1)).toMatchObject([{ address: '127.0.0.1', outcome: 'done' }]);
  });

  test('can be turned off', async () => {
    const at = await writeWorld({ config: { write: { audit: false } } });
    await at.client().send(new DeleteObjectCommand({ Bucket, Key: unknown }));
    await sent(at, { unsigned: true });
    expect(await at.upstairs.metric('upstairs_writes_total')).toBe(2);
    expect(at.upstairs.logs.filter(({ event }) => event === 'audit')).toEqual([]);
  });
});

test.skipIf(needs('ceph').skip)(
  'neither a secret nor a signature is in any line of the log, whatever is asked',
  async () => {
    const at = await writeWorld({ config: { log: { level: 'trace' } } });
    const context = contextOf(at);
    const { a, b } = twoKeys();
    const theirs = 'MARKER-OF-A-CLIENT';
    const put: Forge = { method: 'PUT', key: a.Key, body: theirs, headers: { 'X-Amz-Meta-A': theirs } };
    const wrong = { ...clientKeys.mastodon, secretKey: 'wrong-secret-0123456789' };
    const requests: Forge[] = [
      put,
      { ...put, presigned: '600' },
      { ...put, by: wrong },
      { key: a.Key, presigned: '600' },
      { key: a.Key, presigned: '600', by: wrong },
      { key: a.Key, presigned: '600', clockAhead: -3600 },
      { key: a.Key, presigned: '600', headers: { Authorization: `AWS4-HMAC-SHA256 ${theirs}` } },
      { key: a.Key, query: `x-secret=${theirs}` },
      { method: 'DELETE', key: a.Key, clockAhead: 3600 },
      { method: 'DELETE', key: a.Key, signing: { region: 'elsewhere' } },
      { method: 'DELETE', key: a.Key },
    ];
    const clients: ClientName[] = ['mastodon', 'reader', 'writer', 'deleter', 'scoped'];
    const signatures: string[] = [];
    const send = async (request: Forge) => {
      const { bytes } = await sent(at, request);
      signatures.push(...(bytes.match(/(?<=Signature=)[0-9a-f]{64}/g) ?? []));
    };
    for (const request of requests) await send(request);
    at.store.decide = () => ({ status: 500, body: '<html>trouble' });
    for (const request of requests) await send(request);
    at.store.decide = () => 'refuse';
    for (const request of requests) await send(request);
    for (const by of clients) await send({ method: 'DELETE', key: b.Key, by });
    await eventually(() =>
      at.upstairs.logs.some(({ caller, operation }) => caller === 'scoped' && operation !== undefined),
    );

    const told = at.upstairs.logs.map((one) => JSON.stringify(one)).join('\n') + at.upstairs.output();
    expect(signatures.length).toBeGreaterThan(requests.length * 2);
    const secrets = [
      ...clients.map((name) => context.keys[name].secretKey),
      wrong.secretKey,
      'testtest',
      theirs,
      'AWS4-HMAC-SHA256',
      'X-Amz-Signature',
      'x-amz-signature',
      ...signatures,
    ];
    expect(told).toContain('SignatureDoesNotMatch');
    expect(secrets.filter((secret) => told.includes(secret))).toEqual([]);
  },
);
