import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { RequestSigner } from '../bucket/request-signer.ts';
import { troubleOf } from '../bucket/trouble.ts';
import type { WriteConfig } from '../config/write-schema.ts';
import type { CopyRequests } from '../copy/copy-requests.ts';
import { BatchDelete } from '../gateway/batch-delete.ts';
import { BucketQuestions } from '../gateway/bucket-questions.ts';
import type { GatewayParts } from '../gateway/call.ts';
import { CarryUp } from '../gateway/carry-up.ts';
import { CopySources } from '../gateway/copy-sources.ts';
import { MultipartUploads } from '../gateway/multipart-uploads.ts';
import { Mutations } from '../gateway/mutations.ts';
import { ObjectCopies } from '../gateway/object-copies.ts';
import { ObjectReads } from '../gateway/object-reads.ts';
import { ObjectWrites } from '../gateway/object-writes.ts';
import { SignatureVerifier } from '../gateway/signature.ts';
import { StoreGateway } from '../gateway/store-gateway.ts';
import { WatchedStore } from '../gateway/watched-store.ts';
import { WriteHandler } from '../gateway/write-handler.ts';
import { createWriteServer } from '../gateway/write-server.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { youngGarbage } from '../lib/young-garbage.ts';
import type { Marks } from '../marks/marks.ts';
import type { Uploads } from '../marks/uploads.ts';
import { isPrivate } from '../media/private-prefix.ts';
import type { ReadThrough } from '../media/read-through.ts';
import type { Leases } from '../protocol/leases.ts';
import type { Context } from './context.ts';
import type { BucketParts } from './wire-bucket.ts';
import type { MediaParts } from './wire-media.ts';

/** The longest that a mutation waits for its lease, in milliseconds; a third of the time to answer is left for the store in any case. */
const leaseWaitMs = 3000;

export interface GatewayDependencies {
  readonly marks: Marks;
  readonly uploads: Uploads;
  readonly ledger: Ledger;
  readonly leases: Leases;
  readonly bucket: BucketParts;
  readonly media: MediaParts;
  readonly reads: ReadThrough;
  readonly copies: CopyRequests;
}

/** Bytes of bodies after which their dead buffers are collected. */
const collectEveryBytes = 16 * 1024 * 1024;

/** The write host. */
export function wireGateway(context: Context, write: WriteConfig, parts: GatewayDependencies): FastifyInstance {
  const { config, metrics, report, teardown, now } = context;
  const { marks, uploads, ledger, leases, bucket, media, reads, copies } = parts;
  const { region, connections, connectTimeout, headersTimeout, bodyTimeout, keyPrefix, acls } = config.bucket;
  const clientBucket = write.bucket ?? config.bucket.name;
  const clientRegion = write.region ?? region;
  const store = new StoreGateway({
    address: bucket.address,
    signer: new RequestSigner({ region, credentials: bucket.credentials }),
    connections,
    connectTimeoutMs: connectTimeout,
    waitTimeoutMs: connectTimeout + headersTimeout,
    stallTimeoutMs: bodyTimeout,
  });
  teardown.add('gateway', () => store.close());
  const mutations = new Mutations({
    marks,
    ledger,
    leases,
    rules: bucket.rules,
    purge: (key) => reads.purge(key),
    leaseWaitMs: Math.min(leaseWaitMs, (write.answerWithin * 2) / 3),
    now,
  });
  const shared: GatewayParts = {
    store: new WatchedStore({ store, troubleOf, ended: metrics.storeAnswered('write-host') }),
    mutations,
    markOf: (key) => marks.get(key),
    whereBelow: media.whereBelow,
    rightBucket: async () => (await bucket.identity.confirm()) === 'ours',
    bucket: clientBucket,
    keyPrefix,
    acls,
    isPrivate: (key) => isPrivate(key, config.media.private),
    answerWithinMs: write.answerWithin,
    newId: randomUUID,
    now,
  };
  const carryUp = new CarryUp({ copies, ledger, waitMs: write.answerWithin / 3, moving: config.phase === 'move', now });
  const handler = new WriteHandler({
    verifier: new SignatureVerifier({
      keys: write.keys.map(({ accessKey, secretKey, ...key }) => ({
        ...key,
        accessKeyId: accessKey,
        secretAccessKey: secretKey,
      })),
      region: clientRegion,
      now,
    }),
    hosts: write.hosts,
    bucket: clientBucket,
    usable: () => bucket.rules() !== undefined,
    reads: new ObjectReads({
      ...shared,
      reads,
      usable: () => bucket.identity.trusted,
    }),
    writes: new ObjectWrites(shared),
    copies: new ObjectCopies({
      ...shared,
      sources: new CopySources(shared, carryUp),
      copySourceOf: (key) => bucket.address.copySourceOf(key),
    }),
    batch: new BatchDelete(shared),
    uploads: new MultipartUploads({ ...shared, uploads }),
    questions: new BucketQuestions({ ...shared, region: clientRegion }),
    passed: youngGarbage(collectEveryBytes),
    done: write.audit ? report.written : report.writeCounted,
  });
  return createWriteServer({ write, handle: (incoming) => handler.handle(incoming), logger: context.logger });
}
