import { Readable } from 'node:stream';
import { beforeEach, describe, expect, test } from 'vitest';
import { BatchDelete } from '../../../src/gateway/batch-delete.ts';
import type { Call } from '../../../src/gateway/call.ts';
import type { Mutation, MutationResult } from '../../../src/gateway/mutations.ts';
import type { StoreAnswer } from '../../../src/gateway/store-gateway.ts';
import { unmarked } from '../../../src/marks/marks.ts';
import { answered, FakeStore, noAnswer, refused } from './fake-store.ts';

let store: FakeStore;
let prefix: string;
/** What the protocol says of a key without asking the store. */
let without: Map<string, MutationResult>;
let asked: string[];

beforeEach(() => {
  prefix = '';
  without = new Map();
  asked = [];
});

/** A batch of these keys: what the client is told, and what is on record. */
async function deleting(keys: readonly string[], ...answers: StoreAnswer[]) {
  store = new FakeStore(...answers);
  const audited = new Map<string, string>();
  const document = `<Delete>${keys.map((key) => `<Object><Key>${key}</Key></Object>`).join('')}</Delete>`;
  const batch = new BatchDelete({
    store,
    mutations: {
      run: async (mutations, forward) => {
        asked = mutations.map(({ key }) => key);
        const held = mutations.filter(({ key }: Mutation) => !without.has(key));
        const said = held.length > 0 ? await forward(held) : new Map();
        return new Map([...without, ...held.map(({ key }) => [key, said.get(key) ?? 'unknown'] as const)]);
      },
    },
    markOf: async () => unmarked,
    whereBelow: async () => 'unknown',
    rightBucket: async () => true,
    bucket: 'media',
    keyPrefix: 'v1/',
    acls: true,
    isPrivate: () => false,
    answerWithinMs: 1000,
    newId: () => 'id',
    now: () => 0,
  });
  const reply = await batch.delete({
    caller: { prefix },
    announced: () => ({ size: document.length }),
    body: () => Readable.from([Buffer.from(document)]),
    audited: (key: string, outcome: string) => audited.set(key, outcome),
  } as unknown as Call);
  const xml = String(reply.body);
  const deleted = [...xml.matchAll(/<Deleted><Key>(.*?)<\/Key>/g)].map(([, key]) => key);
  const failed = [...xml.matchAll(/<Error><Key>(.*?)<\/Key><Code>(.*?)<\/Code>/g)].map(([, key, code]) => [key, code]);
  return { status: reply.status, deleted, failed: Object.fromEntries(failed), audited: Object.fromEntries(audited) };
}

const said = (xml: string) => answered(200, {}, `<DeleteResult>${xml}</DeleteResult>`);
const gone = (key: string) => `<Deleted><Key>v1/${key}</Key></Deleted>`;
const error = (key: string, code: string) => `<Error><Key>v1/${key}</Key><Code>${code}</Code></Error>`;

describe('a batch of deletes', () => {
  test('has an outcome for each key, in the answer and on record', async () => {
    const answer = said(
      [gone('a'), error('b', 'AccessDenied'), error('c', 'InternalError'), error('d', 'NoSuchKey')].join(''),
    );
    expect(await deleting(['a', 'b', 'c', 'd', 'e'], answer)).toEqual({
      status: 200,
      deleted: ['a', 'd'],
      failed: { b: 'AccessDenied', c: 'InternalError', e: 'ServiceUnavailable' },
      audited: { a: 'done', b: 'refused', c: 'unknown', d: 'done', e: 'unknown' },
    });
    expect(store.methods).toEqual(['POST']);
  });

  test('asks the store only for the keys that may be asked for now', async () => {
    without.set('busy', 'recorded');
    const { failed, audited } = await deleting(['a', 'busy'], said(gone('a')));
    expect(String(store.sent[0]?.body)).not.toContain('busy');
    expect([failed, audited]).toEqual([{ busy: 'ServiceUnavailable' }, { a: 'done', busy: 'recorded' }]);
  });

  test('leaves alone what is outside the prefix or reserved, and goes on with the others', async () => {
    prefix = 'scoped/';
    const { deleted, failed, audited } = await deleting(
      ['scoped/a', 'other/b', 'scoped/../c', '_upstairs/identity'],
      said(gone('scoped/a')),
    );
    expect(asked).toEqual(['scoped/a']);
    expect(deleted).toEqual(['scoped/a']);
    const refusals = { 'other/b': 'AccessDenied', 'scoped/../c': 'InvalidURI', '_upstairs/identity': 'AccessDenied' };
    expect(failed).toEqual(refusals);
    expect(audited).toEqual({ 'scoped/a': 'done', ...refusals });
  });

  test('of nothing that is allowed asks nobody', async () => {
    prefix = 'scoped/';
    expect((await deleting(['a'])).failed).toEqual({ a: 'AccessDenied' });
    expect([asked, store.sent]).toEqual([[], []]);
  });

  test.each<[string, () => StoreAnswer, string, string]>([
    ['refuses', () => refused(403, 'AccessDenied'), 'refused', 'AccessDenied'],
    ['does not answer', () => noAnswer(), 'unknown', 'ServiceUnavailable'],
    ['is busy', () => refused(503, 'SlowDown'), 'unknown', 'SlowDown'],
    ['is another one', () => refused(404, 'NoSuchBucket'), 'unknown', 'ServiceUnavailable'],
    ['says what nobody understands', () => answered(200, {}, '<html>'), 'unknown', 'ServiceUnavailable'],
    [
      'says an error in a 200',
      () => answered(200, {}, '<Error><Code>X</Code></Error>'),
      'unknown',
      'ServiceUnavailable',
    ],
    ['breaks off', broken, 'unknown', 'ServiceUnavailable'],
  ])('by a store that %s has an outcome for each key too', async (_what, answer, outcome, code) => {
    expect(await deleting(['a', 'b'], answer())).toEqual({
      status: 200,
      deleted: [],
      failed: { a: code, b: code },
      audited: { a: outcome, b: outcome },
    });
  });
});

function broken(): StoreAnswer {
  const body = new Readable({
    read() {
      this.destroy(new Error('reset'));
    },
  });
  return { kind: 'answered', status: 200, headers: {}, body };
}
