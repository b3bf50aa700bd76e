/** The object that says which ledger a bucket belongs to. Never served, listed or writable by clients. */
export const identityKey = '_upstairs/identity';

export type IdentityState =
  /** The bucket is the one this ledger was bound to. */
  | 'ours'
  /** The object is not there: another bucket, or an emptied one. */
  | 'absent'
  /** It names another ledger: another bucket, or a state directory that is not this bucket's. */
  | 'other'
  /** The store could not be asked, or was not asked yet. */
  | 'unknown';

/** Tells whether the bucket that answers is the right one. One wrong variable must not make a million keys "missing". */
export interface Identity {
  /** What the last check found. */
  readonly state: IdentityState;
  /** The last check that found anything out found it ours: what the bucket holds may be served. */
  readonly trusted: boolean;
  /** The answer of a check that began after this call, or at most so many milliseconds before. */
  confirm(maxAgeMs?: number): Promise<IdentityState>;
}
