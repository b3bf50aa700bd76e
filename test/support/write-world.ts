import type { S3Client } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { merge } from './base-config.ts';
import { type FaultProxy, faultProxy } from './fault-proxy.ts';
import { jpeg } from './media-files.ts';
import { s3Client, sharedRgw } from './rgw.ts';
import { type World, type WorldOptions, world } from './world.ts';

/** A pair of keys that a client signs with. */
export interface ClientKey {
  readonly accessKey: string;
  readonly secretKey: string;
}

export type ClientName = 'mastodon' | 'reader' | 'writer' | 'deleter' | 'scoped';

/** Keys that the write host knows, and what each may do. */
export const clientKeys = {
  mastodon: {
    accessKey: 'UPMASTODON',
    secretKey: 'secret-of-mastodon-0123456789',
    rights: ['read', 'write', 'delete'],
  },
  reader: { accessKey: 'UPREADER', secretKey: 'secret-of-reader-0123456789', rights: ['read'] },
  writer: { accessKey: 'UPWRITER', secretKey: 'secret-of-writer-0123456789', rights: ['write'] },
  deleter: { accessKey: 'UPDELETER', secretKey: 'secret-of-deleter-0123456789', rights: ['delete'] },
  scoped: {
    accessKey: 'UPSCOPED',
    secretKey: 'secret-of-scoped-0123456789',
    rights: ['read', 'write', 'delete'],
    prefix: 'scoped/',
  },
} as const satisfies Record<ClientName, ClientKey & { rights: string[]; prefix?: string }>;

/** What clients call the bucket, whatever the store calls it. */
export const clientBucket = 'media';
export const clientRegion = 'eu-test-1';

/** The program with a write host, between a real bucket and a real directory, for one test. */
export interface WriteWorld extends World {
  /** http://127.0.0.1:PORT of the write host. Its hosts are s3.test and 127.0.0.1. */
  readonly writeUrl: string;
  readonly writePort: number;
  /** What reaches the store: every request of the program goes through it. */
  readonly store: FaultProxy;
  /** An S3 client of one of the keys. It lives as long as the world. */
  client(name?: ClientName): S3Client;
  /** Requests that reached the store so far, but for the program's own looks at the bucket's identity. */
  reached(): FaultProxy['seen'];
}

export interface WriteWorldOptions extends Partial<Omit<WorldOptions, 'endpoint'>> {
  /** Proxies before the write host that speak TLS. Default: none. */
  readonly trustProxy?: readonly string[];
}

/** A disk that is empty is taken for one that is not mounted. */
const unrelated = { 'site_uploads/files/000/000/001/original/unrelated.jpg': jpeg(1) };

export async function writeWorld(options: WriteWorldOptions = {}): Promise<WriteWorld> {
  const { trustProxy = [], rgw = sharedRgw(), files = unrelated, config = {}, ...others } = options;
  const { atEnd = onTestFinished } = options;
  const store = await faultProxy(rgw.endpoint);
  atEnd(() => store.close());
  const write = {
    listen: '127.0.0.1:0',
    hosts: ['s3.test', '127.0.0.1'],
    bucket: clientBucket,
    region: clientRegion,
    trustProxy,
    keys: Object.entries(clientKeys).map(([name, key]) => ({ name, ...key })),
  };
  const inner = await world({ ...others, rgw, files, endpoint: store.endpoint, config: merge({ write }, config) });
  const { writeUrl } = inner.upstairs;
  if (writeUrl === undefined) throw new Error('upstairs has no write host');
  return {
    ...inner,
    writeUrl,
    writePort: Number(new URL(writeUrl).port),
    store,
    client(name = 'mastodon') {
      const client = s3Client({ endpoint: writeUrl, region: clientRegion, ...clientKeys[name] });
      atEnd(async () => client.destroy());
      return client;
    },
    reached: () =>
      store.seen.filter(
        ({ method, path }) => !(['GET', 'HEAD'].includes(method) && path.endsWith('/_upstairs/identity')),
      ),
  };
}
