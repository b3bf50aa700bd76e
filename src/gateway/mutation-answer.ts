import type { Told } from './forwarded.ts';
import type { MutationResult } from './mutations.ts';
import { S3Error } from './s3-error.ts';

/** What the client is told of a mutation that was not done. Mastodon does not ask again; what hides is done without being asked. */
export function notDone(
  result: Exclude<MutationResult, 'done'>,
  told: Told | undefined,
): Error & { readonly code: string } {
  switch (result) {
    case 'busy':
      return new S3Error('SlowDown', 'Something else is being done with this key. Ask again in a moment.');
    case 'recorded':
      return new S3Error('ServiceUnavailable', 'It is on record and will be done, but could not be done at once.');
    case 'unknown':
      return told?.error instanceof S3Error && told.error.code !== 'InternalError'
        ? told.error
        : new S3Error('ServiceUnavailable', 'The store did not answer in time: what became of it is being found out.');
    case 'refused':
      return told?.error ?? new S3Error('InternalError', 'The store refused it and did not say why.');
  }
}
