import { beforeEach, describe, expect, test } from 'vitest';
import { CopySources } from '../../../src/gateway/copy-sources.ts';
import type { StoreAnswer } from '../../../src/gateway/store-gateway.ts';
import { type Mark, unmarked } from '../../../src/marks/marks.ts';
import { answered, FakeStore, noAnswer, refused } from './fake-store.ts';

const never = new AbortController().signal;
const there = () => answered(200, { etag: '"abc"' });

let mark: Mark;
let below: 'nowhere' | 'below' | 'unknown';
let carried: boolean;
let carrying: string[];
let store: FakeStore;

beforeEach(() => {
  mark = unmarked;
  below = 'below';
  carried = true;
  carrying = [];
});

let right = true;

async function ready(...answers: StoreAnswer[]): Promise<string> {
  store = new FakeStore(...answers);
  const parts = {
    store,
    markOf: async () => mark,
    whereBelow: async () => below,
    rightBucket: async () => right,
    answerWithinMs: 1000,
  };
  const carry = async (key: string) => {
    carrying.push(key);
    return carried;
  };
  return await new CopySources(parts, { carry }).ready('a.jpg', never);
}

const refusalOf = (...answers: StoreAnswer[]) =>
  ready(...answers).then(
    () => undefined,
    ({ code }: { code: string }) => code,
  );

describe('the source of a copy', () => {
  test.each(['"abc"', 'abc'])('that the bucket has is ready, and told by its entity tag %s', async (etag) => {
    expect(await ready(answered(200, { etag }))).toBe('abc');
    expect(carrying).toEqual([]);
  });

  test('that is private, or closed below, is ready', async () => {
    mark = { generation: 1, below: 'closed', shown: 'private' };
    expect(await ready(there())).toBe('abc');
  });

  test('that only a source has is carried up first', async () => {
    expect(await ready(refused(404), there())).toBe('abc');
    expect(carrying).toEqual(['a.jpg']);
  });

  test('that may be below is tried', async () => {
    below = 'unknown';
    expect(await ready(refused(404), there())).toBe('abc');
  });

  test('that cannot be carried up in time is not said to be missing', async () => {
    carried = false;
    expect(await refusalOf(refused(404))).toBe('ServiceUnavailable');
  });

  test('that was copied and has vanished from the bucket does not exist, as for readers', async () => {
    expect(await refusalOf(refused(404), refused(404))).toBe('NoSuchKey');
  });

  test('that was deleted does not exist, whatever is there', async () => {
    mark = { generation: 1, below: 'closed', shown: 'gone' };
    expect(await refusalOf()).toBe('NoSuchKey');
    expect([store.sent, carrying]).toEqual([[], []]);
  });

  test('that is nowhere does not exist', async () => {
    below = 'nowhere';
    expect(await refusalOf(refused(404))).toBe('NoSuchKey');
    expect(carrying).toEqual([]);
  });

  test('that was replaced, and is not in the bucket any more, is not taken from below', async () => {
    mark = { generation: 1, below: 'closed', shown: 'unset' };
    expect(await refusalOf(refused(404))).toBe('NoSuchKey');
    expect(carrying).toEqual([]);
  });

  test.each([
    ['does not answer', noAnswer, 'ServiceUnavailable'],
    ['is in trouble', () => refused(500), 'SlowDown'],
    ['refuses', () => refused(403), 'AccessDenied'],
  ] as const)('is not said to be missing by a store that %s', async (_what, answer, code) => {
    expect(await refusalOf(answer())).toBe(code);
    expect(carrying).toEqual([]);
  });

  test('are not believed missing in a bucket that may be another one', async () => {
    right = false;
    expect(await refusalOf(refused(404, 'NoSuchKey'))).toBe('ServiceUnavailable');
    right = true;
  });
});
