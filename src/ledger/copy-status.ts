/**
 * `wanted`: asked for, not there yet · `copied`: the bucket confirmed it · `superseded`: another object was there already, and was left ·
 * `refused`: given up, see its reason.
 */
export type CopyStatus = 'wanted' | 'copied' | 'superseded' | 'refused';

/** Why a copy was put off or given up: a closed set, also a metric label. */
export type CopyReason =
  | 'too-young'
  | 'too-large'
  | 'changed'
  | 'gone-below'
  | 'unreadable'
  | 'private-without-acls'
  | 'damaged'
  | 'source-unavailable'
  | 'no-spool-room'
  | 'bucket-unavailable'
  | 'slow-down'
  | 'store-refused'
  | 'store-denied'
  | 'unknown-outcome'
  | 'missing-again'
  | 'cancelled'
  | 'internal';
