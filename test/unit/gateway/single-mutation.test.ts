import { describe, expect, test } from 'vitest';
import type { Told } from '../../../src/gateway/forwarded.ts';
import type { Forward, MutationResult } from '../../../src/gateway/mutations.ts';
import { RelayedError } from '../../../src/gateway/relayed-error.ts';
import { S3Error } from '../../../src/gateway/s3-error.ts';
import { mutateOne } from '../../../src/gateway/single-mutation.ts';

const intent = { id: 'id', kind: 'delete' } as const;

/** A mutation of which the protocol says `result`; undefined: what the store says. */
async function mutating(result: MutationResult | undefined, forward: () => Promise<Told>) {
  const audited: string[] = [];
  const mutations = {
    run: async (all: readonly { key: string; intent: typeof intent }[], send: Forward) =>
      result ? new Map([['a', result]]) : await send(all),
  };
  const call = { audited: (key: string, outcome: string) => void audited.push(`${key} ${outcome}`) };
  const code = await mutateOne({ mutations: mutations as never }, call, 'a', intent, forward).then(
    () => undefined,
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
  return [code, audited];
}

const never = () => Promise.reject(new Error('must not be forwarded'));
const telling = (told: Told) => () => Promise.resolve(told);

describe('the client and the audit log are told of a mutation', () => {
  test('that it is done', async () => {
    expect(await mutating(undefined, telling({ answer: 'done' }))).toEqual([undefined, ['a done']]);
  });

  test('that it was not begun, or will be done later', async () => {
    expect(await mutating('busy', never)).toEqual(['SlowDown', ['a busy']]);
    expect(await mutating('recorded', never)).toEqual(['ServiceUnavailable', ['a recorded']]);
  });

  test('what the store refused it with', async () => {
    const error = new RelayedError('BadDigest', 400, 'no');
    expect(await mutating(undefined, telling({ answer: 'refused', error }))).toEqual(['BadDigest', ['a refused']]);
  });

  test.each([
    [new S3Error('SlowDown', 'later'), 'SlowDown'],
    [new S3Error('InternalError', 'our key'), 'ServiceUnavailable'],
    [new RelayedError('InvalidPart', 400, 'late'), 'ServiceUnavailable'],
    [undefined, 'ServiceUnavailable'],
  ])('that nobody knows what became of it: %s', async (error, code) => {
    const told: Told = { answer: 'unknown', ...(error && { error }) };
    expect(await mutating(undefined, telling(told))).toEqual([code, ['a unknown']]);
  });

  test('that nobody knows what became of it, when sending it failed in an unexpected way', async () => {
    expect(await mutating(undefined, () => Promise.reject(new Error('a bug')))).toEqual(['a bug', ['a unknown']]);
  });
});
