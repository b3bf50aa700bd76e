import { error, type Finding, ok } from './finding.ts';

/** What this machine's state says of its ledger. `bucket` undefined: never bound. */
export interface OwnLedger {
  readonly id: string;
  readonly bucket: string | undefined;
}

const check = 'bucket.identity';
const expected = 'a bucket that belongs to the state in state.dir, or to nobody before the first start';

/**
 * Whether bucket and state belong together.
 *
 * @param text of the identity object; undefined: there is none
 * @param own undefined: there is no ledger here yet
 */
export function identityVerdict(text: string | undefined, own: OwnLedger | undefined, bucket: string): Finding {
  const theirs = text === undefined ? undefined : idIn(text);
  if (own?.bucket !== undefined && own.bucket !== bucket)
    return error(
      check,
      `the state in state.dir belongs to the bucket ${own.bucket}, not to ${bucket}`,
      expected,
      'correct bucket.name or state.dir; to begin anew with another bucket, use an empty state.dir',
    );
  if (own?.bucket !== undefined)
    return theirs === own.id
      ? ok(check, 'the bucket belongs to this state')
      : error(
          check,
          theirs === undefined
            ? `the bucket ${bucket} has no identity, and this state was bound to one`
            : `the bucket ${bucket} belongs to another state`,
          expected,
          theirs === undefined
            ? 'is it the right endpoint and bucket, or was it emptied? Upstairs copies nothing until its identity is back'
            : 'correct bucket.name, bucket.endpoint or state.dir: two programs must not work on one bucket',
        );
  if (theirs === undefined) return ok(check, 'nobody has the bucket yet: the first start will bind it');
  if (theirs === own?.id) return ok(check, 'the bucket belongs to this state');
  return error(
    check,
    `the bucket ${bucket} belongs to another state, and the one in state.dir is new`,
    expected,
    `correct state.dir, or bring the old state back (upstairs ledger restore), or accept its loss: upstairs serve --accept-loss ${bucket}`,
  );
}

function idIn(text: string): string {
  try {
    const { ledger } = JSON.parse(text) as { ledger?: unknown };
    return typeof ledger === 'string' ? ledger : '';
  } catch {
    // Something else under that name: an identity, and not ours.
    return '';
  }
}
