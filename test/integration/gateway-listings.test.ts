import { buffer } from 'node:stream/consumers';
import { CreateMultipartUploadCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BucketAddress } from '../../src/bucket/bucket-address.ts';
import { RequestSigner } from '../../src/bucket/request-signer.ts';
import { readStoreAcl } from '../../src/gateway/acl-xml.ts';
import { readCopyResult } from '../../src/gateway/copy-xml.ts';
import { deleteRequestXml, readDeleteResult } from '../../src/gateway/delete-objects-xml.ts';
import { parseStoreError } from '../../src/gateway/error-xml.ts';
import { askedObjects, askedUploads, objectsQuery, uploadsQuery } from '../../src/gateway/list-query.ts';
import { uploadListXml } from '../../src/gateway/list-uploads-xml.ts';
import { objectListXml } from '../../src/gateway/list-xml.ts';
import { RequestFields } from '../../src/gateway/request-fields.ts';
import { StoreGateway } from '../../src/gateway/store-gateway.ts';
import { needs } from '../support/left-out.ts';
import { freshBucket, sharedRgw } from '../support/rgw.ts';

const signal = new AbortController().signal;

const keys = [
  '100%/x',
  '_upst',
  '_upstairsx',
  'a b+c/d',
  'a b+c/e',
  'a/1',
  'a/2',
  'a&<>"\'',
  'b',
  'é/ü',
  '\uFF5E',
  '\u{1F600}/1',
];
const inOrder = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
/** What a client of a file system would see at the top. */
const top = [...new Set(inOrder.map((key) => key.replace(/\/.*/, '/')))];

describe.skipIf(needs('ceph').skip)('listings of a real store', () => {
  describe.each(['', 'x/'])('whose keys begin with "%s"', (keyPrefix) => {
    let store: StoreGateway;
    let name: string;

    beforeAll(async () => {
      const { client, endpoint } = sharedRgw();
      name = await freshBucket();
      store = new StoreGateway({
        address: new BucketAddress({ endpoint, name, keyPrefix, addressing: 'path' }),
        signer: new RequestSigner({
          region: 'us-east-1',
          credentials: { accessKeyId: 'test', secretAccessKey: 'testtest' },
        }),
        connections: 2,
        connectTimeoutMs: 1000,
        waitTimeoutMs: 5000,
        stallTimeoutMs: 5000,
      });
      const hidden = ['_upstairs/identity', '_upstairs/probe', '_upstairs/z'];
      for (const key of [...keys, ...hidden]) {
        await client.send(new PutObjectCommand({ Bucket: name, Key: keyPrefix + key, Body: key }));
        await client.send(new CreateMultipartUploadCommand({ Bucket: name, Key: keyPrefix + key }));
      }
      if (keyPrefix !== '') await client.send(new PutObjectCommand({ Bucket: name, Key: 'y', Body: 'outside' }));
    });
    afterAll(() => store.close());

    async function ask(query: readonly (readonly [string, string])[], method = 'GET', key = '', body?: Buffer) {
      const answer = await store.send({ method, key, query, headers: {}, signal, ...(body ? { body } : {}) });
      if (answer.kind !== 'answered') throw answer.cause;
      return await buffer(answer.body);
    }

    /** Asks as a client does, page after page. */
    async function walk(
      query: string,
      page: (fields: RequestFields) => Promise<string>,
      next: (xml: string) => Record<string, string>,
    ) {
      const names: string[] = [];
      let place: Record<string, string> = {};
      for (let pages = 0; pages < 60; pages++) {
        const rawQuery = [query, ...Object.entries(place).map(([n, v]) => `${n}=${encodeURIComponent(v)}`)].join('&');
        const xml = await page(new RequestFields({ method: 'GET', rawPath: '/media', rawQuery, headers: [] }));
        names.push(...found(xml));
        if (text(xml, 'IsTruncated') !== 'true') return names;
        place = next(xml);
      }
      throw new Error('the pages have no end');
    }

    const bucket = { bucket: 'media', keyPrefix };
    const v1 = async (fields: RequestFields) => {
      const asked = askedObjects(fields, 1);
      return objectListXml(await ask(objectsQuery(asked, keyPrefix)), asked, bucket);
    };
    const v2 = async (fields: RequestFields) => {
      const asked = askedObjects(fields, 2);
      return objectListXml(await ask(objectsQuery(asked, keyPrefix)), asked, bucket);
    };
    const uploads = async (fields: RequestFields) => {
      const asked = askedUploads(fields);
      return uploadListXml(await ask(uploadsQuery(asked, keyPrefix)), asked, bucket);
    };
    const byMarker = (xml: string) => ({ marker: decoded(text(xml, 'NextMarker')) });
    const byToken = (xml: string) => ({ 'continuation-token': text(xml, 'NextContinuationToken') });
    const byUpload = (xml: string) => ({
      'key-marker': decoded(text(xml, 'NextKeyMarker')),
      'upload-id-marker': text(xml, 'NextUploadIdMarker'),
    });

    test.each([1, 2, 5, 1000])('every key comes once and in order, %i a page', async (most) => {
      expect(await walk(`max-keys=${most}&encoding-type=url`, v1, byMarker)).toEqual(inOrder);
      expect(await walk(`max-keys=${most}&encoding-type=url`, v2, byToken)).toEqual(inOrder);
      expect(await walk(`max-uploads=${most}&encoding-type=url`, uploads, byUpload)).toEqual(inOrder);
    });

    test.each([1, 2, 1000])('folders come once and in order, %i a page', async (most) => {
      const query = `max-keys=${most}&encoding-type=url&delimiter=%2F`;
      expect((await walk(query, v1, byMarker)).sort()).toEqual([...top].sort());
      expect((await walk(query, v2, byToken)).sort()).toEqual([...top].sort());
    });

    test('a listing begins where the client says, and holds what begins as it says', async () => {
      expect(await walk('prefix=a%20b%2Bc%2F&encoding-type=url', v2, byToken)).toEqual(['a b+c/d', 'a b+c/e']);
      expect(await walk('start-after=b&encoding-type=url', v2, byToken)).toEqual(
        inOrder.slice(inOrder.indexOf('b') + 1),
      );
      expect(await walk('marker=a%2F1&prefix=a%2F&encoding-type=url', v1, byMarker)).toEqual(['a/2']);
    });

    test('answers to copies, ACLs, deletes and mistakes are understood', async () => {
      const copied = await store.send({
        method: 'PUT',
        key: 'copy',
        query: [],
        headers: { 'x-amz-copy-source': `/${name}/${keyPrefix}b`, 'x-amz-acl': 'public-read' },
        signal,
      });
      if (copied.kind !== 'answered') throw copied.cause;
      expect(readCopyResult(await buffer(copied.body), 'CopyObjectResult')).toMatchObject({
        kind: 'done',
        result: { etag: '92eb5ffee6ae2fec3ad71c777531578f' },
      });
      expect(readStoreAcl(await ask([['acl', '']], 'GET', 'copy'))).toBe('public');
      expect(readStoreAcl(await ask([['acl', '']], 'GET', 'b'))).toBe('private');
      expect(parseStoreError(await ask([['acl', '']], 'GET', 'none')).code).toBe('NoSuchKey');
      const deleted = await ask(
        [['delete', '']],
        'POST',
        '',
        Buffer.from(deleteRequestXml(['copy', 'n&ne'], keyPrefix)),
      );
      expect(Object.fromEntries(readDeleteResult(deleted, keyPrefix))).toEqual({ copy: 'deleted', 'n&ne': 'deleted' });
    });
  });
});

function found(xml: string): string[] {
  const pattern = /<Key>([^<]*)<\/Key>|<CommonPrefixes><Prefix>([^<]*)</g;
  return [...xml.matchAll(pattern)].map(([, key, prefix]) => decoded(key ?? prefix ?? ''));
}

function text(xml: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)<`).exec(xml)?.[1] ?? '';
}

function decoded(name: string): string {
  return decodeURIComponent(name);
}
