import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { Pool } from 'undici';
import { RequestSigner } from '../src/bucket/request-signer.ts';
import { afterDeath } from '../test/support/after-death.ts';
import { freePort } from '../test/support/free-port.ts';
import { jpeg, mastodonKey, writeMedia } from '../test/support/media-files.ts';
import { scratch } from '../test/support/scratch.ts';
import { median, quantile, spread } from './median.ts';
import type { Stage } from './stage.ts';
import { startUpstairs } from './upstairs.ts';

/** Bytes of each object. */
const size = 100_000;
/** Objects on each side before anything is measured: code that has run a few times is not compiled to its end. */
const warmUp = 800;
/** What the write host calls its bucket, and who writes there. */
const hosted = { bucket: 'media', accessKeyId: 'BENCHMARK', secretAccessKey: 'secret-of-benchmark-0123456789' };

/** Where a client sends its objects. */
interface Side extends AsyncDisposable {
  /** Puts a new object and resolves with the milliseconds until it was confirmed. */
  put(): Promise<number>;
}

export interface Latency {
  /** Milliseconds. */
  readonly median: number;
  readonly p95: number;
  /** Of the rounds' medians. */
  readonly spread: number;
}

export interface Written {
  /** Clients who put at once, each one object after the other. */
  readonly clients: number;
  readonly direct: Latency;
  /** Through the write host. */
  readonly hosted: Latency;
  /** The same with the state in memory (tmpfs): without what the disk costs. */
  readonly inMemory: Latency;
}

/** Puts objects of 100 kB straight into the store and through the write host, in turn: `clients` objects here, then as many there. */
export async function measureWriting(
  stage: Stage,
  { clients, rounds, puts }: { clients: number; rounds: number; puts: number },
): Promise<Written> {
  await using direct = await directly(stage, clients);
  await using disk = await throughUpstairs(stage, clients, scratch('state'));
  await using memory = await throughUpstairs(stage, clients, inMemory());
  const sides = [direct, disk, memory];
  const times: number[][][] = sides.map(() => []);
  await turns(sides, clients, warmUp);
  for (let round = 0; round < rounds; round++) {
    for (const [side, taken] of (await turns(sides, clients, puts)).entries()) times[side]!.push(taken);
  }
  const [straight, hosted, unsynced] = times.map(
    (taken): Latency => ({
      median: median(taken.flat()),
      p95: quantile(taken.flat(), 0.95),
      spread: spread(taken.map(median)),
    }),
  );
  return { clients, direct: straight!, hosted: hosted!, inMemory: unsynced! };
}

/** Milliseconds of `puts` objects on each side. */
async function turns(sides: readonly Side[], clients: number, puts: number): Promise<number[][]> {
  const times: number[][] = sides.map(() => []);
  for (let done = 0; done < puts; done += clients) {
    for (const [side, { put }] of sides.entries())
      times[side]!.push(...(await Promise.all(Array.from({ length: clients }, () => put()))));
  }
  return times;
}

async function directly({ store, freshBucket }: Stage, clients: number): Promise<Side> {
  const { endpoint, region, accessKey: accessKeyId, secretKey: secretAccessKey } = store;
  const signer = new RequestSigner({ region, credentials: { accessKeyId, secretAccessKey } });
  return putter(endpoint, `/${await freshBucket()}`, signer, clients);
}

async function throughUpstairs(stage: Stage, clients: number, stateDir: string): Promise<Side> {
  const root = scratch('disk');
  await writeMedia(root, mastodonKey(0, 'jpg'), jpeg(0)); // an empty disk is taken for one that is not mounted
  const listen = `127.0.0.1:${await freePort()}`;
  const { bucket, accessKeyId: accessKey, secretAccessKey: secretKey } = hosted;
  const keys = [{ name: 'bench', accessKey, secretKey, rights: ['read', 'write', 'delete'] }];
  const write = { listen, hosts: ['127.0.0.1'], bucket, region: stage.store.region, keys };
  const upstairs = await startUpstairs(stage, { bucket: await stage.freshBucket(), root, stateDir }, { write });
  const signer = new RequestSigner({ region: stage.store.region, credentials: hosted });
  const { put, ...client } = putter(`http://${listen}`, `/${bucket}`, signer, clients);
  return {
    put,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await upstairs[Symbol.asyncDispose]();
    },
  };
}

/** A client that costs little and the same on all sides: undici, the SHA-256 of the body signed, a connection kept for each request at once. */
function putter(origin: string, path: string, signer: RequestSigner, connections: number): Side {
  const pool = new Pool(origin, { connections });
  const { host } = new URL(origin);
  const body = randomBytes(size);
  const payloadHash = createHash('sha256').update(body).digest('hex');
  let n = 0;
  return {
    async put() {
      const headers = {
        'cache-control': 'public, max-age=315576000, immutable',
        'content-type': 'image/jpeg',
        'x-amz-acl': 'public-read',
      };
      const key = `${path}/${mastodonKey(n++, 'jpg')}`;
      const request = signer.signed({ method: 'PUT', host, path: key, query: [], headers, payloadHash });
      const beganMs = performance.now();
      const answer = await pool.request({ method: 'PUT', path: request.target, headers: request.headers, body });
      const text = await answer.body.text();
      if (answer.statusCode !== 200) throw new Error(`${origin}: ${answer.statusCode} ${text}`);
      return performance.now() - beganMs;
    },
    [Symbol.asyncDispose]: () => pool.close(),
  };
}

/** A directory in memory that goes away with this process. */
export function inMemory(): string {
  const dir = mkdtempSync(join('/dev/shm', 'upstairs-bench-'));
  afterDeath('rm -rf --one-file-system "$1"', dir);
  return dir;
}
