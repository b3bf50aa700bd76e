import type { MarkRecord } from '../marks/marks.ts';

/**
 * What was decided about a key, as far as its ACL goes. `unsettled`: a change of it is under way in the write host, which sees to the ACL
 * itself.
 */
export type Decided = 'nothing' | 'public' | 'private' | 'gone' | 'unsettled';

export function decided({ mark, intents }: MarkRecord): Decided {
  if (mark.shown === 'gone') return 'gone';
  // Before it is settled too: a mark is private from before the request is forwarded.
  if (mark.shown === 'private') return 'private';
  if (intents.length > 0) return 'unsettled';
  return mark.shown === 'public' ? 'public' : 'nothing';
}

/** Why an object that is not public stays so. */
export type Reason =
  /** Under media.private. */
  | 'prefix'
  /** Made private or deleted through the write host, or just being changed there. */
  | 'mark'
  /** The file on the old disk is not for the public. */
  | 'file'
  /** Upstairs, or a client through it, put it there like that. */
  | 'upstairs'
  /** Mastodon put it there itself, so it was made private later. */
  | 'mastodon';

export interface AclCounts {
  /** Objects in the bucket, but for Upstairs' own. */
  objects: number;
  /** Public, and nothing says that they should not be. */
  public: number;
  /** Private and should be public. */
  wrong: number;
  /** Of these, made public now. */
  shown: number;
  /** Public, and private by their mark: a run that was broken off left them. */
  exposed: number;
  /** Of these, made private now. */
  hidden: number;
  private: Record<Reason, number>;
  /** Not known whether they should be public: a source could not be asked, or the store had no answer. */
  unknown: number;
}

export function noCounts(): AclCounts {
  const none = { prefix: 0, mark: 0, file: 0, upstairs: 0, mastodon: 0 };
  return { objects: 0, public: 0, wrong: 0, shown: 0, exposed: 0, hidden: 0, private: none, unknown: 0 };
}
