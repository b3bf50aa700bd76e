import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { S3ObjectAcls } from '../../../src/bucket/s3-object-acls.ts';
import type { S3Store } from '../../../src/bucket/s3-store.ts';
import { toldError } from '../../../src/cli/told-error.ts';

const pages = 100;
const perPage = 1000;
const oddKey = 'a b+c%20d & <1> \u00e4.jpg';

test('a bucket of 100,000 objects is seen whole: each page once, each key once, as it is', async () => {
  const tokens: (string | undefined)[] = [];
  const client = {
    async send({ input }: { input: { ContinuationToken?: string; Prefix: string } }) {
      tokens.push(input.ContinuationToken);
      const page = Number(input.ContinuationToken?.replace('page=', '') ?? 0);
      const Contents = Array.from({ length: perPage }, (_, i) => ({
        Key: encodeURIComponent(`${input.Prefix}${page}/${i}-${oddKey}`).replaceAll('%20', '+'),
      }));
      const more = page + 1 < pages;
      return { Contents, IsTruncated: more, ...(more && { NextContinuationToken: `page=${page + 1}` }) };
    },
  } as unknown as S3Client;
  const acls = new S3ObjectAcls({
    client,
    store: undefined as unknown as S3Store,
    bucket: 'media',
    keyPrefix: 'town/',
    timeoutMs: 1000,
    turn: async () => undefined,
  });
  const keys = new Set<string>();
  let first: string | undefined;
  for await (const key of acls.keys()) {
    first ??= key;
    keys.add(key);
  }
  expect(keys.size).toBe(pages * perPage);
  expect(first).toBe(`0/0-${oddKey}`);
  expect(tokens).toEqual([undefined, ...Array.from({ length: pages - 1 }, (_, i) => `page=${i + 1}`)]);
});

test.each([
  [403, 'SignatureDoesNotMatch', /copy bucket\.secretKey anew/],
  [403, 'InvalidAccessKeyId', /copy bucket\.accessKey anew/],
  [403, 'RequestTimeTooSkewed', /timedatectl/],
  [404, 'NoSuchBucket', /correct bucket\.name/],
])('a store that answers %i %s is told with what to do', async (status, code, todo) => {
  const server = createServer((_, answer) => {
    answer.writeHead(status, { 'content-type': 'application/xml' });
    answer.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());
  const acls = new S3ObjectAcls({
    client,
    store: undefined as unknown as S3Store,
    bucket: 'media',
    keyPrefix: '',
    timeoutMs: 10_000,
    turn: async () => undefined,
  });
  const error = await acls.identity().then(
    () => undefined,
    (refusal: unknown) => refusal,
  );
  const told = toldError(error, 'upstairs acl fix');
  expect(told).toMatchObject({ code, exit: 'failed', todo: expect.stringMatching(todo) });
  expect(told).not.toHaveProperty('stack');
});
