import type { MutationKind } from '../marks/marks.ts';
import { isHiding } from '../protocol/marking.ts';
import type { Forwarded } from '../protocol/state.ts';
import { type RelayedError, relayed } from './relayed-error.ts';
import type { S3Error } from './s3-error.ts';
import { storeErrorOf } from './store-answer.ts';
import type { StoreAnswer } from './store-gateway.ts';

/** What the store said to a mutation, in the words of the protocol, and what the client is told if it was not done. */
export interface Told {
  readonly answer: Forwarded;
  readonly error?: RelayedError | S3Error;
}

/**
 * Reads an answer to its end where it is an error; the body of a success is left to the caller. A request that was certainly never
 * sent is refused, but not one that hides: Mastodon does not ask for it again, so it is kept and repeated.
 */
export async function forwardedOf(answer: StoreAnswer, kind: MutationKind): Promise<Told> {
  if (answer.kind === 'unknown') {
    const never = answer.sentNothing && !isHiding(kind) && kind !== 'acl-public';
    return { answer: never ? 'refused' : 'unknown', error: await storeErrorOf(answer) };
  }
  if (answer.status < 300) return { answer: 'done' };
  const error = await storeErrorOf(answer);
  const { code } = error;
  // The wrong bucket's word says nothing about the key.
  if (code === 'InternalError' || code === 'SlowDown')
    return { answer: kind === 'put' && answer.status < 500 ? 'refused' : 'unknown', error };
  if (kind === 'delete' && answer.status === 404) return { answer: 'done' };
  return { answer: answer.status === 408 || answer.status === 429 ? 'unknown' : 'refused', error };
}

/** An error that came inside a 200: the store had begun, and what became of it is not certain. */
export function lateError({
  code,
  message,
}: {
  readonly code: string;
  readonly message: string;
}): Told & { error: RelayedError | S3Error } {
  return {
    answer: 'unknown',
    error: relayed(code === 'InternalError' || code === 'SlowDown' ? 503 : 400, code, message),
  };
}
