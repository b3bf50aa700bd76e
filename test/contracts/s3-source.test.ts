import { buffer } from 'node:stream/consumers';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { wireRemote } from '../../src/app/wire-remote.ts';
import { s3Source } from '../../src/config/s3-source-schema.ts';
import { Teardown } from '../../src/lib/teardown.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { needs } from '../support/left-out.ts';
import { sharedRgw } from '../support/rgw.ts';
import { never, objectOf, pattern, sourceContract } from './source.contract.ts';

const without = needs('ceph').skip;

/** The source as the program makes it, breaker included. */
function sourceAt(endpoint: string, bucket: string, change: object = {}) {
  const teardown = new Teardown((step, error) => {
    throw new Error(step, { cause: error });
  });
  const config = s3Source.parse({
    ...{ type: 's3', name: 'old-bucket', endpoint, bucket, accessKey: 'test', secretKey: 'testtest', acls: true },
    ...{ connectTimeout: '500ms', headersTimeout: '500ms', ...change },
  });
  return { ...wireRemote(config, () => ({ 'content-type': 'image/jpeg' }), teardown), end: () => teardown.run() };
}

async function oldBucket(keyPrefix = '') {
  const rgw = sharedRgw();
  const bucket = await rgw.freshBucket('old');
  const put = async (
    key: string,
    bytes: Uint8Array,
    more: { ACL?: 'public-read' | 'private'; Metadata?: Record<string, string> } = {},
  ) => {
    const object = { Bucket: bucket, Key: keyPrefix + key, Body: bytes, ContentLength: bytes.length };
    await rgw.client.send(new PutObjectCommand({ ...object, ACL: 'public-read', ...more }));
  };
  return { rgw, bucket, put };
}

for (const change of [{ acls: false }, { acls: true, keyPrefix: 'old/' }])
  if (!without)
    sourceContract(`a bucket with ${JSON.stringify(change)}`, async () => {
      const { rgw, bucket, put } = await oldBucket(change.keyPrefix);
      const remote = sourceAt(rgw.endpoint, bucket, change);
      return {
        source: remote.source,
        put,
        held: () => remote.load.outstanding,
        [Symbol.asyncDispose]: () => remote.end(),
      };
    });

describe.skipIf(without)('an object in an old bucket', () => {
  let at: Awaited<ReturnType<typeof oldBucket>>;
  let remote: ReturnType<typeof sourceAt>;
  const ends: (() => Promise<unknown>)[] = [];
  const begin = (change: object, endpoint = at.rgw.endpoint) => {
    const made = sourceAt(endpoint, at.bucket, change);
    ends.push(made.end);
    return made.source;
  };
  const open = async (key: string, wanted?: 'facts' | 'bytes') =>
    objectOf(await remote.source.open(key, never, wanted));

  beforeAll(async () => {
    at = await oldBucket();
    remote = sourceAt(at.rgw.endpoint, at.bucket);
    ends.push(remote.end);
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  test('is private where its ACL does not show it to everybody, unless there are no ACLs', async () => {
    await at.put('private.jpg', pattern(10), { ACL: 'private' });
    await at.put('public.jpg', pattern(10));
    for (const wanted of ['facts', 'bytes'] as const) {
      expect((await open('private.jpg', wanted)).private).toBe(true);
      expect((await open('public.jpg', wanted)).private).toBe(false);
    }
    expect(objectOf(await begin({ acls: false }).open('private.jpg', never)).private).toBe(false);
  });

  test('keeps the mtime that rclone wrote, to the last digit', async () => {
    await at.put('mtime.jpg', pattern(10), { Metadata: { mtime: '1614834367.123456789' } });
    const object = await open('mtime.jpg');
    expect([object.mtime, object.meta.mtimeMs]).toEqual(['1614834367.123456789', 1_614_834_367_123]);
    expect(object.meta.headers).toEqual({ 'content-type': 'image/jpeg' });
    object.close();
  });

  test('is read with one GET, and not looked at again once it came whole', async () => {
    await at.put('once.jpg', pattern(300_000));
    const object = await open('once.jpg');
    expect(pattern(300_000).equals(await buffer(object.read()))).toBe(true);
    expect(await object.unchanged()).toBe(true);
    object.close();
    const lines = (await at.rgw.requests()).filter(({ path }) => path === `/${at.bucket}/once.jpg`);
    const asked = lines.filter(({ method }) => method !== 'PUT').map(({ method, query }) => `${method} ${query}`);
    expect(asked.sort()).toEqual(['GET ', 'GET acl=']);
  });

  test('that was put anew breaks the ranges of the one that was opened', async () => {
    await at.put('anew.jpg', pattern(5000));
    const object = await open('anew.jpg');
    await at.put('anew.jpg', pattern(5001));
    await expect(buffer(object.read({ first: 1, last: 9 }))).rejects.toMatchObject({ code: 'CHANGED' });
    object.close();
  });

  test.each(["sp ace+%41'(é).jpg", 'a%2Fb.jpg', 'a?b#c.jpg', '\u{1f600};x=1.png'])(
    'with the name %j is found under exactly that',
    async (key) => {
      await at.put(key, Buffer.from(key));
      expect(String(await buffer((await open(key)).read()))).toBe(key);
    },
  );

  test('is not called missing where the bucket, the key pair or the right is not there', async () => {
    const elsewhere = sourceAt(at.rgw.endpoint, 'no-such-bucket');
    ends.push(elsewhere.end);
    for (const wanted of ['facts', 'bytes'] as const) {
      expect(await elsewhere.source.open('x.jpg', never, wanted)).toMatchObject({
        kind: 'unavailable',
        trouble: 'io',
        cause: { code: 'NoSuchBucket' },
      });
      for (const [change, code] of [
        [{ accessKey: 'nobody' }, 'InvalidAccessKeyId'],
        [{ secretKey: 'wrong' }, 'SignatureDoesNotMatch'],
      ] as const)
        expect(await begin(change).open('public.jpg', never, wanted)).toMatchObject({
          kind: 'unavailable',
          trouble: 'denied',
          cause: { code },
        });
      expect(await remote.source.open('none.jpg', never, wanted)).toEqual({ kind: 'missing' });
    }
  });

  test('is not called public while its ACL cannot be asked', async () => {
    await using proxy = await faultProxy(at.rgw.endpoint, ({ query }) =>
      query.has('acl') ? { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' } : 'pass',
    );
    expect(await begin({}, proxy.endpoint).open('public.jpg', never)).toMatchObject({
      kind: 'unavailable',
      trouble: 'denied',
    });
  });

  test('whose store does not answer costs the readers their time a few times, and then nothing until it is back', async () => {
    await using proxy = await faultProxy(at.rgw.endpoint, () => 'hang');
    const slow = begin({ acls: false, connectTimeout: '500ms', headersTimeout: '500ms' }, proxy.endpoint);
    for (let i = 0; i < 5; i++)
      expect(await slow.open('public.jpg', never)).toMatchObject({ kind: 'unavailable', trouble: 'timeout' });
    const began = performance.now();
    expect(await slow.open('public.jpg', never)).toMatchObject({ kind: 'unavailable', trouble: 'busy' });
    expect(performance.now() - began).toBeLessThan(400);
  });
});
