import { createHash } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { BucketAddress } from '../../src/bucket/bucket-address.ts';
import { BucketListing } from '../../src/bucket/bucket-listing.ts';
import type { ListingPage, ListingQuestion } from '../../src/bucket/object-listing.ts';
import { RequestSigner } from '../../src/bucket/request-signer.ts';
import type { ListedObject } from '../../src/ledger/objects.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { needs } from '../support/left-out.ts';
import { freshBucket, sharedRgw } from '../support/rgw.ts';

/** In the order of their UTF-8 bytes. */
const oddKeys = [
  ' begins with a space',
  '!',
  '%',
  '%20',
  '+',
  'A/B',
  'a\u0001control',
  'a b+c%20d & <1> "ä".jpg',
  'a//b',
  'folder/',
  'folder/in it',
  'folder0',
  `long/${'é'.repeat(490)}`,
  'ünïcode/ключ',
  '\ufb01 before the emoji',
  '\uff5e wide tilde',
  '\u{1f600} emoji',
  '\u{1f600}/in it',
];

describe.skipIf(needs('ceph').skip)("a real store's listing", () => {
  const keyPrefix = 'town/';
  let bucket: string;
  beforeAll(async () => {
    bucket = await freshBucket();
    const own = ['_upstairs/identity', '_upstairs'].map((key) => keyPrefix + key);
    const others = ['other/a', 'town', 'town0'];
    for (const Key of [...oddKeys.map((key) => keyPrefix + key), ...own, ...others, keyPrefix])
      await sharedRgw().client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key }));
  });

  function open(endpoint = sharedRgw().endpoint, prefix = keyPrefix, name = bucket) {
    const { accessKey, secretKey, region } = sharedRgw();
    const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
    const listing = new BucketListing({
      address: new BucketAddress({ endpoint, name, keyPrefix: prefix, addressing: 'path' }),
      signer: new RequestSigner({ region, credentials }),
      keyPrefix: prefix,
      connections: 2,
      connectTimeoutMs: 2000,
      answerTimeoutMs: 20_000,
    });
    onTestFinished(() => listing.close());
    return listing;
  }
  const ask = (question: Partial<ListingQuestion>, listing = open()): Promise<ListingPage> =>
    listing.page({ after: '', limit: 1000, ...question }, new AbortController().signal);
  const keysOf = (objects: readonly ListedObject[]) => objects.map(({ key }) => key);

  test('has every odd key as it is, in order, below the key prefix alone and without what is our own', async () => {
    const page = await ask({});
    expect(keysOf(page.objects)).toEqual(oddKeys);
    expect(page.upTo).toBeUndefined();
    expect(page.objects).toEqual(
      oddKeys.map((key) => ({
        key,
        size: Buffer.byteLength(keyPrefix + key),
        etag: createHash('md5')
          .update(keyPrefix + key)
          .digest('hex'),
      })),
    );
  });

  test.each([1, 2, 3, 7])('is the same in pages of %i', async (limit) => {
    const listing = open();
    const found: string[] = [];
    let after: string | undefined = '';
    for (let pages = 0; after !== undefined && pages < 50; pages++) {
      const page: ListingPage = await ask({ after, limit }, listing);
      found.push(...keysOf(page.objects));
      after = page.upTo;
    }
    expect(found).toEqual(oddKeys);
  });

  test('begins behind any text, whether it is a key or not', async () => {
    for (const after of [...oddKeys, 'folder', 'z', '\ue000', '\u{10ffff}']) {
      const behind = oddKeys.filter((key) => Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0);
      expect([after, keysOf((await ask({ after })).objects)]).toEqual([after, behind]);
    }
  });

  test('gives folders, below a prefix and behind a key', async () => {
    const top = await ask({ delimiter: '/' });
    expect(top.prefixes).toEqual(['A/', 'a/', 'folder/', 'long/', 'ünïcode/', '\u{1f600}/']);
    expect(keysOf(top.objects)).toEqual(oddKeys.filter((key) => !key.includes('/')));
    expect((await ask({ delimiter: '/', after: 'm' })).prefixes).toEqual(['ünïcode/', '\u{1f600}/']);
    expect(keysOf((await ask({ prefix: 'folder/' })).objects)).toEqual(['folder/', 'folder/in it']);
  });

  test('is refused, slow or not there: each is told as what it is', async () => {
    const proxy = await faultProxy(sharedRgw().endpoint);
    onTestFinished(() => proxy.close());
    const slow = '<Error><Code>SlowDown</Code></Error>';
    const cases = [
      [{ status: 503, body: slow }, 'LISTING_SLOW_DOWN', '503 (SlowDown)'],
      [{ status: 429 }, 'LISTING_SLOW_DOWN', '429'],
      [{ status: 500 }, 'LISTING_UNAVAILABLE', '500'],
      ['refuse', 'LISTING_UNAVAILABLE', 'is not reached (ECONNRESET)'],
      [{ abortAfterResponseBytes: 200 }, 'LISTING_UNAVAILABLE', 'is not reached (HTTPParserError)'],
      [{ status: 403 }, 'LISTING_REFUSED', '403'],
      [{ status: 200, body: '<html></html>' }, 'LISTING_ODD', 'not understood'],
    ] as const;
    for (const [decision, code, words] of cases) {
      proxy.decide = () => decision;
      const error = await ask({}, open(proxy.endpoint)).catch((error: unknown) => error);
      expect(error).toMatchObject({ code, message: expect.stringContaining(words) });
    }
    await expect(ask({}, open(sharedRgw().endpoint, '', 'not-there'))).rejects.toMatchObject({
      code: 'LISTING_REFUSED',
      message: expect.stringContaining('there is no bucket not-there'),
    });
  });

  test('that ignores where it should begin, or has another order, is not believed', async () => {
    const body = (...keys: string[]) =>
      `<ListBucketResult><IsTruncated>true</IsTruncated>${keys
        .map((key) => `<Contents><Key>town/${key}</Key><Size>1</Size></Contents>`)
        .join('')}</ListBucketResult>`;
    const proxy = await faultProxy(sharedRgw().endpoint);
    onTestFinished(() => proxy.close());
    const cases = [
      ['b', ['a', 'c'], 'not behind'],
      ['b', ['b', 'c'], 'not behind'],
      ['', ['a', 'c', 'b'], 'order of their UTF-8 bytes'],
      ['', ['\u{1f600}', '\uff5e'], 'order of their UTF-8 bytes'],
      ['b', [], 'did not go on'],
    ] as const;
    for (const [after, keys, words] of cases) {
      proxy.decide = () => ({ status: 200, body: body(...keys) });
      const error = await ask({ after }, open(proxy.endpoint)).catch((error: unknown) => error);
      expect(error).toMatchObject({ code: 'LISTING_ODD', message: expect.stringContaining(words) });
    }
  });
});
