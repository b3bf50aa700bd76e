import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { all, byKey } from '../support/by-key.ts';
import { eventually } from '../support/eventually.ts';
import type { Decision, ProxiedRequest } from '../support/fault-proxy.ts';
import { needs } from '../support/left-out.ts';
import { type Lives, lives, once } from '../support/lives.ts';
import { type PrivateRgw, startRgw } from '../support/rgw.ts';
import { said } from '../support/said.ts';
import { clientBucket, type WriteWorld } from '../support/write-world.ts';

/** What a reader sees in the end, and what the bucket holds. */
type End = readonly [seen: string | number, above: string];

const gone: End = [404, 'nothing'];
const hidden: End = [404, 'old, private'];
const old: End = ['old', 'old, public'];
const fresh: End = ['new', 'new, public'];

interface Operation {
  readonly name: string;
  /** Where the key is before it: on the disk, or in the bucket with this ACL. */
  readonly before: readonly ('disk' | 'public-read' | 'private')[];
  /** Tells its request to the store from others for the key. */
  readonly matches: (request: ProxiedRequest) => boolean;
  /** Sends it; what must be done before is done by then. */
  readonly send: (world: WriteWorld, key: string) => Promise<() => Promise<unknown>>;
  /** What is true when the store did it, when only its answer was lost or it has to be repeated; and when it was refused or lost for good. */
  readonly done: End;
  readonly notDone: End;
  /** Upstairs repeats it itself. */
  readonly repeated: boolean;
}

const source = 'media_attachments/files/source.jpg';
const where = (Key: string) => ({ Bucket: clientBucket, Key });

const operations: readonly Operation[] = [
  {
    name: 'DeleteObject',
    before: ['disk', 'public-read'],
    matches: ({ method }) => method === 'DELETE',
    send: async (world, key) => () => world.client().send(new DeleteObjectCommand(where(key))),
    done: gone,
    notDone: old,
    repeated: true,
  },
  {
    name: 'PutObject',
    before: ['disk'],
    matches: ({ method, headers }) => method === 'PUT' && headers['x-amz-meta-upstairs-intent'] !== undefined,
    send: async (world, key) => () =>
      world.client().send(new PutObjectCommand({ ...where(key), Body: 'new', ACL: 'public-read' })),
    done: fresh,
    notDone: old,
    repeated: false,
  },
  {
    name: 'PutObjectAcl private',
    before: ['disk', 'public-read'],
    matches: ({ method, query }) => method === 'PUT' && query.has('acl'),
    send: async (world, key) => () => world.client().send(new PutObjectAclCommand({ ...where(key), ACL: 'private' })),
    done: hidden,
    notDone: old,
    repeated: true,
  },
  {
    name: 'PutObjectAcl public-read',
    before: ['private'],
    matches: ({ method, query }) => method === 'PUT' && query.has('acl'),
    send: async (world, key) => () =>
      world.client().send(new PutObjectAclCommand({ ...where(key), ACL: 'public-read' })),
    done: old,
    notDone: hidden,
    repeated: true,
  },
  {
    name: 'CompleteMultipartUpload',
    before: ['disk'],
    matches: ({ method, query }) => method === 'POST' && query.has('uploadId'),
    send: async (world, key) => {
      const client = world.client();
      const begun = await client.send(new CreateMultipartUploadCommand({ ...where(key), ACL: 'public-read' }));
      const upload = { ...where(key), UploadId: begun.UploadId };
      const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'new' }));
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
      return () => client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
    },
    done: fresh,
    notDone: old,
    repeated: false,
  },
  {
    name: 'CopyObject',
    before: ['disk'],
    matches: ({ method, headers }) => method === 'PUT' && headers['x-amz-copy-source'] !== undefined,
    send: async (world, key) => () =>
      world
        .client()
        .send(new CopyObjectCommand({ ...where(key), CopySource: `${clientBucket}/${source}`, ACL: 'public-read' })),
    done: fresh,
    notDone: old,
    repeated: false,
  },
];

interface Fault {
  readonly name: string;
  readonly decision: Decision;
  /** Whether the store has done it all the same. */
  readonly landed: boolean;
  readonly told: string;
}

const faults: readonly Fault[] = [
  { name: 'is lost', decision: 'swallow-answer', landed: true, told: '503 ServiceUnavailable' },
  { name: 'does not come', decision: 'hang', landed: true, told: '503 ServiceUnavailable' },
  { name: 'is 500', decision: { status: 500 }, landed: false, told: '503 SlowDown' },
  { name: 'is 503', decision: { status: 503 }, landed: false, told: '503 SlowDown' },
  { name: 'is a broken connection', decision: 'refuse', landed: false, told: '503 ServiceUnavailable' },
  { name: 'is 403', decision: { status: 403 }, landed: false, told: '403 AccessDenied' },
];

const keyOf = (operation: Operation, fault: string) =>
  `media_attachments/files/${operation.name.replace(' ', '-')}/${fault.replaceAll(' ', '-')}.jpg`;

/** The disk's files: of the operations' keys under these faults. */
function filesFor(faultNames: readonly string[]) {
  const onDisk = operations.filter(({ before }) => before.includes('disk'));
  return Object.fromEntries([
    ['unrelated.jpg', Buffer.from('unrelated')],
    ...onDisk.flatMap((operation) => faultNames.map((fault) => [keyOf(operation, fault), Buffer.from('old')])),
  ]) as Record<string, Buffer>;
}

async function fill({ rgw, bucket }: WriteWorld, faultNames: readonly string[]): Promise<void> {
  const put = (Key: string, Body: string, ACL: 'public-read' | 'private') =>
    rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ACL }));
  await put(source, 'new', 'public-read');
  for (const operation of operations) {
    const acl = operation.before.find((place) => place !== 'disk');
    for (const fault of faultNames) if (acl) await put(keyOf(operation, fault), 'old', acl);
  }
}

async function endOf({ seen, world }: Pick<Lives, 'seen' | 'world'>, key: string): Promise<End> {
  const shown = await seen(key);
  const facts = await world.facts(key);
  return [shown, facts ? `${Buffer.from(facts.body)}, ${facts.isPublic ? 'public' : 'private'}` : 'nothing'];
}

/** A second and a half for a machine that has other things to do. */
const inTime = { write: { answerWithin: '3500ms' } };

const hides = ({ done: [seen] }: Operation) => seen === 404;

describe.skipIf(needs('ceph').skip)('a write whose answer from the store', { timeout: 60_000 }, () => {
  const ends: (() => Promise<unknown>)[] = [];
  const told: Record<string, { said: string; tookMs: number; seen: string | number }> = {};
  const names = faults.map(({ name }) => name);
  let at: Lives;

  beforeAll(async () => {
    at = await lives({ files: filesFor(names), config: inTime, atEnd: (end) => ends.unshift(end) });
    await fill(at.world, names);
    for (const fault of faults) {
      await Promise.all(
        operations.map(async (operation) => {
          const key = keyOf(operation, fault.name);
          at.faults.set(key, once(operation.matches, fault.decision));
          const send = await operation.send(at.world, key);
          const beganMs = performance.now();
          const answer = await said(send());
          const tookMs = performance.now() - beganMs;
          told[key] = { said: answer, tookMs, seen: hides(operation) ? await at.seen(key) : '' };
        }),
      );
    }
    at.world.store.release();
    await at.settled();
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  describe.each(faults.map((fault) => [fault.name, fault] as const))('%s', (_name, fault) => {
    test.each(operations.map((operation) => [operation.name, operation] as const))(
      'is answered in time, and then looked after: %s',
      async (_name, operation) => {
        const key = keyOf(operation, fault.name);
        const { said: answer, tookMs, seen } = told[key]!;
        expect(answer).toBe(fault.told);
        expect(tookMs).toBeLessThan(5000);
        const refused = fault.told.startsWith('403');
        if (hides(operation) && !refused) expect(seen).toBe(404);
        const done = fault.landed || (operation.repeated && !refused);
        // What was not done is read from the disk, and copied.
        await eventually(async () => expect(await endOf(at, key)).toEqual(done ? operation.done : operation.notDone));
      },
    );
  });

  test('is done when it is asked for again', async () => {
    const again = operations.filter(({ repeated }) => !repeated);
    const keys = again.flatMap((operation) => names.map((name) => keyOf(operation, name)));
    const answers = await Promise.all(
      again.flatMap((operation) =>
        names.map(async (name) => said((await operation.send(at.world, keyOf(operation, name)))())),
      ),
    );
    expect(answers).toEqual(keys.map(() => 'done'));
    expect(await byKey(keys, (key) => endOf(at, key))).toEqual(all(keys, fresh));
  });
});

describe.skipIf(needs('ceph').skip)('a write during which the program is killed', { timeout: 60_000 }, () => {
  const points = ['the store has it', 'the store has nothing'] as const;
  const ends: (() => Promise<unknown>)[] = [];
  const hiding = operations.filter(hides).flatMap((operation) => points.map((point) => keyOf(operation, point)));
  let atOnce: unknown;
  let at: Lives;

  beforeAll(async () => {
    at = await lives({ files: filesFor(points), atEnd: (end) => ends.unshift(end) });
    await fill(at.world, points);
    const { promise: killed, resolve: letGo } = Promise.withResolvers<void>();
    let reached = 0;
    const asked = operations.flatMap((operation) =>
      points.map(async (point) => {
        const key = keyOf(operation, point);
        const send = await operation.send(at.world, key);
        at.faults.set(
          key,
          once(operation.matches, async () => {
            reached++;
            if (point === 'the store has it') return 'hang';
            await killed;
            return 'refuse';
          }),
        );
        await send().catch(() => undefined); // its connection breaks
      }),
    );
    const { store } = at.world;
    await eventually(() => reached === asked.length);
    // Of those that the store has, all have been answered to the proxy.
    await eventually(() => store.seen.filter(({ status }) => status === undefined).length === operations.length);
    await at.again('SIGKILL');
    letGo();
    await Promise.all(asked);
    atOnce = await byKey(hiding, at.seen);
    await at.settled();
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  test('and which hides something has hidden it when the program is back', () => {
    expect(atOnce).toEqual(all(hiding, 404));
  });

  describe.each(points)('when %s', (point) => {
    test.each(operations.map((operation) => [operation.name, operation] as const))(
      'is looked after by the next one: %s',
      async (_name, operation) => {
        const done = point === 'the store has it' || operation.repeated;
        const key = keyOf(operation, point);
        await eventually(async () => expect(await endOf(at, key)).toEqual(done ? operation.done : operation.notDone));
      },
    );
  });
});

describe.skipIf(needs('ceph').skip)('while the store', { timeout: 60_000 }, () => {
  const ends: (() => Promise<unknown>)[] = [];
  const keysOf = (how: string) => ({
    copied: `${how}/copied.jpg`,
    below: `${how}/below.jpg`,
    suspended: `${how}/suspended.jpg`,
    put: `${how}/put.jpg`,
  });
  let rgw: PrivateRgw;
  let at: Lives;

  beforeAll(async () => {
    rgw = await startRgw();
    ends.unshift(() => rgw.stop());
    const keys = ['down', 'hung'].flatMap((how) => Object.values(keysOf(how)));
    const files = Object.fromEntries(keys.map((key) => [key, Buffer.from('old')]));
    at = await lives({ rgw, files, config: inTime, atEnd: (end) => ends.unshift(end) });
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  test.each(['hung', 'down'] as const)('is %s, a write is answered with 503, and what hides is done', async (how) => {
    const keys = keysOf(how);
    const above = [keys.copied, keys.suspended];
    expect(await byKey(above, at.seen)).toEqual(all(above, 'old'));
    await eventually(async () => expect(await byKey(above, (key) => endOf(at, key))).toEqual(all(above, old)));

    await (how === 'down' ? rgw.down() : rgw.hang());
    const client = at.world.client();
    const beganMs = performance.now();
    const answers = await Promise.all([
      said(client.send(new DeleteObjectCommand(where(keys.copied)))),
      said(client.send(new DeleteObjectCommand(where(keys.below)))),
      said(client.send(new PutObjectAclCommand({ ...where(keys.suspended), ACL: 'private' }))),
      said(client.send(new PutObjectCommand({ ...where(keys.put), Body: 'new', ACL: 'public-read' }))),
    ]);
    expect(performance.now() - beganMs).toBeLessThan(5000);
    expect(answers).toEqual(Array(4).fill('503 ServiceUnavailable'));
    const hiding = [keys.copied, keys.below, keys.suspended];
    expect(await byKey(hiding, at.seen)).toEqual(all(hiding, 404));

    await (how === 'down' ? rgw.up() : rgw.unhang());
    await eventually(async () => expect((await at.world.upstairs.admin('/readyz')).status).toBe(200));
    await at.settled();
    const found = await byKey(hiding, (key) => endOf(at, key));
    expect(found).toEqual({ [keys.copied]: gone, [keys.below]: gone, [keys.suspended]: hidden });
    // A PUT that never landed closes nothing; one that hung may have landed.
    const put = how === 'down' ? [old] : [old, fresh];
    await eventually(async () => expect(put).toContainEqual(await endOf(at, keys.put)));
  });
});

describe.skipIf(needs('ceph').skip)('a write', { timeout: 60_000 }, () => {
  const many = Array.from({ length: 1000 }, (_, n) => `many/${n}.jpg`);
  const ends: (() => Promise<unknown>)[] = [];
  let at: Lives;

  beforeAll(async () => {
    const keys = ['a/unsettled.jpg', 'a/twice.jpg', ...many];
    const files = Object.fromEntries(keys.map((key) => [key, Buffer.from('old')]));
    at = await lives({ files, config: inTime, atEnd: (end) => ends.unshift(end) });
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  test('is turned away while a DELETE of its key may still land, and shows its bytes afterwards', async () => {
    const key = 'a/unsettled.jpg';
    const client = at.world.client();
    const put = () => said(client.send(new PutObjectCommand({ ...where(key), Body: 'new', ACL: 'public-read' })));
    at.faults.set(
      key,
      once(({ method }) => method === 'DELETE', { status: 500 }),
    );
    expect(await said(client.send(new DeleteObjectCommand(where(key))))).toBe('503 SlowDown');
    expect(await put()).toBe('503 SlowDown');
    expect(await endOf(at, key)).toEqual(gone);
    await at.settled();
    expect(await put()).toBe('done');
    expect(await endOf(at, key)).toEqual(fresh);
  });

  test('that waits for another one of its key, and then for the store, is answered in time all the same', async () => {
    const key = 'a/twice.jpg';
    at.faults.set(key, ({ method }) => (method === 'DELETE' ? 'hang' : 'pass'));
    const client = at.world.client();
    const timed = async () => {
      const beganMs = performance.now();
      expect(await said(client.send(new DeleteObjectCommand(where(key))))).toBe('503 ServiceUnavailable');
      return performance.now() - beganMs;
    };
    const first = timed();
    await sleep(1500);
    const second = timed();
    expect(await first).toBeLessThan(5000);
    expect(await second).toBeLessThan(5000);
    at.faults.delete(key);
    at.world.store.release();
    await at.settled();
    expect(await endOf(at, key)).toEqual(gone);
  });

  test('that deletes a thousand keys tells of each what the store told, and does later what it could not', async () => {
    const some = (rest: number) => many.filter((_, n) => n % 100 === rest);
    const [troubled, forbidden, unsaid] = [some(7), some(8), some(9)];
    const above = [...troubled, ...forbidden, ...unsaid];
    const done = many.filter((key) => !above.includes(key));
    const { rgw, bucket, store } = at.world;
    for (const Key of above)
      await rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'old', ACL: 'public-read' }));
    const errors = (keys: string[], code: string) =>
      keys.map((key) => `<Error><Key>${key}</Key><Code>${code}</Code><Message>no</Message></Error>`);
    const results = [
      ...done.map((key) => `<Deleted><Key>${key}</Key></Deleted>`),
      ...errors(troubled, 'InternalError'),
      ...errors(forbidden, 'AccessDenied'),
    ];
    const byRule = store.decide;
    store.decide = once(({ method, query }) => method === 'POST' && query.has('delete'), {
      status: 200,
      headers: { 'content-type': 'application/xml' },
      body: `<DeleteResult>${results.join('')}</DeleteResult>`,
    });
    const batch = { Bucket: clientBucket, Delete: { Objects: many.map((Key) => ({ Key })) } };
    const { Deleted = [], Errors = [] } = await at.world.client().send(new DeleteObjectsCommand(batch));
    store.decide = byRule;
    expect(Deleted.map(({ Key }) => Key).toSorted()).toEqual(done.toSorted());
    expect(Object.fromEntries(Errors.map(({ Key = '', Code }) => [Key, Code]))).toEqual({
      ...all(troubled, 'InternalError'),
      ...all(forbidden, 'AccessDenied'),
      ...all(unsaid, 'ServiceUnavailable'),
    });
    const hiding = [...done, ...troubled, ...unsaid];
    for (const key of hiding) expect([key, await at.seen(key)]).toEqual([key, 404]);
    await at.settled();
    for (const key of hiding) expect([key, await at.seen(key)]).toEqual([key, 404]);
    expect(await byKey(above, (key) => endOf(at, key))).toEqual({
      ...all(troubled, gone),
      ...all(unsaid, gone),
      ...all(forbidden, old),
    });
  });
});
