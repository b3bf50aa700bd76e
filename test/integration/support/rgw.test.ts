import { PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { needs } from '../../support/left-out.ts';
import { freshBucket, objectFacts, sharedRgw, startRgw } from '../../support/rgw.ts';

describe.skipIf(needs('ceph').skip)('the real gateway', () => {
  test('keeps an object and tells what it is', async () => {
    const { client, requests } = sharedRgw();
    const bucket = await freshBucket();
    const Key = 'some files/é.txt';
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key, Body: 'hello', ACL: 'public-read', ContentType: 'text/plain' }),
    );

    expect(await objectFacts(client, bucket, Key)).toMatchObject({
      size: 5,
      etag: '5d41402abc4b2a76b9719d911017c592',
      md5: '5d41402abc4b2a76b9719d911017c592',
      contentType: 'text/plain',
      isPublic: true,
    });
    expect(await objectFacts(client, bucket, 'nothing')).toBeUndefined();
    const lines = (await requests()).filter(({ path }) => path === `/${bucket}/${Key}`);
    expect(lines.map(({ method, status }) => `${method} ${status}`)).toEqual(['PUT 200', 'GET 200', 'GET 200']);
  });

  test('of our own goes down, comes up with its objects, hangs and goes on', async () => {
    await using rgw = await startRgw();
    const bucket = await rgw.freshBucket();
    await rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'v' }));

    await rgw.down();
    await expect(fetch(rgw.endpoint)).rejects.toThrow();
    await rgw.up();
    expect(await objectFacts(rgw.client, bucket, 'k')).toMatchObject({ size: 1, isPublic: false });

    await rgw.hang();
    await expect(fetch(rgw.endpoint, { signal: AbortSignal.timeout(300) })).rejects.toThrow(/timeout/);
    await rgw.unhang();
    expect((await fetch(rgw.endpoint)).status).toBe(200);
  });
});
