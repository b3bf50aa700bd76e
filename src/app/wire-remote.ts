import { readFileSync } from 'node:fs';
import { BucketAddress } from '../bucket/bucket-address.ts';
import { RequestSigner } from '../bucket/request-signer.ts';
import type { SourceConfig } from '../config/sources-schema.ts';
import type { Latency } from '../lib/service-times.ts';
import type { Teardown } from '../lib/teardown.ts';
import { BreakingSource } from '../sources/breaking-source.ts';
import { HttpSource } from '../sources/http-source.ts';
import { RemoteDoor } from '../sources/remote-door.ts';
import { S3Source } from '../sources/s3-source.ts';
import type { Source } from '../sources/source.ts';

/** Failures in a row after which a source is left alone. */
const failures = 5;
/** How long, in milliseconds. */
const retryAfterMs = 5000;

export interface Remote {
  readonly source: Source;
  /** False: it failed lately, and is left alone. */
  readonly asked: boolean;
  /** Requests whose answers are not over, and requests that wait for their turn. */
  readonly load: { readonly outstanding: number; readonly waiting: number };
  /** What it took until answers began, of those that came within so many milliseconds. */
  latency(withinMs: number): Latency;
}

type RemoteConfig = Exclude<SourceConfig, { type: 'disk' }>;

/** A source on another machine. Nothing is asked of it yet. `took`: told what it took until each answer began, in milliseconds. */
export function wireRemote(
  config: RemoteConfig,
  headersOf: (key: string) => Readonly<Record<string, string>>,
  teardown: Teardown,
  took: (ms: number) => void = () => undefined,
): Remote {
  const { door, source } =
    config.type === 'http' ? httpSource(config, headersOf, took) : s3Source(config, headersOf, took);
  teardown.add(`source ${config.name}`, () => door.close());
  const breaking = new BreakingSource(source, { failures, retryAfterMs });
  return {
    source: breaking,
    get asked() {
      return breaking.asked;
    },
    get load() {
      return door.load;
    },
    latency: (withinMs) => door.latency(withinMs),
  };
}

function httpSource(
  config: Extract<RemoteConfig, { type: 'http' }>,
  headersOf: (key: string) => Readonly<Record<string, string>>,
  took: (ms: number) => void,
) {
  const { name, url, secret, canary, ca } = config;
  const { origin, pathname: basePath } = new URL(url);
  const door = doorTo(origin, config, { took, ...(ca !== undefined && { ca: readFileSync(ca, 'utf8') }) });
  const headers = secret ? { [secret.header]: secret.value } : {};
  return { door, source: new HttpSource({ name, door, basePath, headers, canary, headersOf }) };
}

function s3Source(
  config: Extract<RemoteConfig, { type: 's3' }>,
  headersOf: (key: string) => Readonly<Record<string, string>>,
  took: (ms: number) => void,
) {
  const { name, endpoint, region, bucket, keyPrefix, addressing, accessKey, secretKey, acls } = config;
  const address = new BucketAddress({ endpoint, name: bucket, keyPrefix, addressing });
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const signer = new RequestSigner({ region, credentials });
  const door = doorTo(address.origin, config, { took });
  const sign: ConstructorParameters<typeof S3Source>[0]['sign'] = (method, key, what) =>
    signer.signed({
      method,
      host: address.host,
      path: address.pathOf(key),
      query: what === 'acl' ? [['acl', '']] : [],
      headers: {},
      payloadHash: 'UNSIGNED-PAYLOAD',
    });
  return { door, source: new S3Source({ name, door, sign, acls, headersOf }) };
}

function doorTo(origin: string, limits: RemoteConfig, more: { ca?: string; took: (ms: number) => void }): RemoteDoor {
  const { connections, maxWaiting, connectTimeout, headersTimeout, bodyTimeout } = limits;
  return new RemoteDoor({
    ...more,
    origin,
    connections,
    maxWaiting,
    connectTimeoutMs: connectTimeout,
    headersTimeoutMs: headersTimeout,
    bodyTimeoutMs: bodyTimeout,
  });
}
