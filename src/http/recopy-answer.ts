import type { RecopyAnswer } from '../backfill/recopy.ts';
import { AdminError } from './admin-error.ts';

/** What who wanted a key copied again is told. Throws AdminError where it is not. */
export function recopyAnswer(answer: RecopyAnswer): { readonly wanted: true; readonly note: string } {
  switch (answer.kind) {
    case 'wanted':
      return {
        wanted: true,
        note: 'it is copied again from the first source that has it; should an object have appeared in the bucket meanwhile, that is left as it is',
      };
    case 'closed':
      throw new AdminError(
        'KEY_CLOSED',
        'it was deleted or replaced through the write host: no source may be used for it any more',
        'upload it again through the write host, if it is to be there',
      );
    case 'unsettled':
      throw new AdminError(
        'KEY_UNSETTLED',
        'an upload through the write host has no known outcome yet',
        'try again once it was looked for',
      );
    case 'exists':
      throw new AdminError(
        'OBJECT_EXISTS',
        `the bucket has an object there (${answer.size} bytes, MD5 ${answer.md5 ?? 'unknown'}), and a copy overwrites nothing`,
        'if it is wrong, delete it in the bucket itself with another tool (through the write host, its key would be closed), then try again',
      );
    case 'busy':
      throw new AdminError('KEY_BUSY', 'somebody else works on that key', 'try again in a moment');
    case 'unavailable':
      throw new AdminError(
        'BUCKET_UNAVAILABLE',
        'the bucket cannot be asked whether it has it',
        'try again later; upstairs check',
      );
    case 'front':
      throw new AdminError('PHASE_FRONT', 'nothing is copied with phase: front', 'set phase: move');
  }
}
