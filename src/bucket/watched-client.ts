import type { S3Client } from '@aws-sdk/client-s3';
import type { BucketTrouble } from './bucket.ts';
import { storeErrorOf } from './store-error.ts';
import { troubleOf } from './trouble.ts';

/** Told of each request's end: what went wrong, or undefined. */
export type RequestEnded = (trouble: BucketTrouble | undefined) => void;

/** Has every request of this client told, whoever sends it: the error itself goes on to him. */
export function watchClient(client: S3Client, ended: RequestEnded): S3Client {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        const answer = await next(args);
        ended(undefined);
        return answer;
      } catch (error) {
        const trouble = failureOf(error);
        if (trouble !== 'ours') ended(trouble);
        throw error;
      }
    },
    // Within the SDK's retries, which make of every abort an error without a reason.
    { step: 'finalizeRequest', name: 'watched', priority: 'low' },
  );
  return client;
}

/** `ours`: the store is not to blame. What is missing, or there already, is an answer and no trouble. */
export function failureOf(error: unknown): BucketTrouble | undefined | 'ours' {
  const { status, slowDown } = storeErrorOf(error);
  if (slowDown) return 'slow-down';
  if (status === 404 || status === 412) return undefined;
  if (status !== undefined) return status >= 500 ? 'server-error' : 'refused';
  const { name, cause } = error as { name?: string; cause?: { name?: string } };
  if (name !== 'AbortError') return troubleOf(error);
  // A deadline of ours that the store let pass; else its body could not be read, or the program stops.
  return cause?.name === 'TimeoutError' ? 'timeout' : 'ours';
}
