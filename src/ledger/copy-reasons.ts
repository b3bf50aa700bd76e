import type { CopyReason } from './copy-status.ts';

interface Words {
  /** What it means, for people. */
  readonly means: string;
  /** What they can do. */
  readonly todo: string;
}

const waits = 'nothing: it is tried again by itself';

/** Each reason why a copy is put off or given up, in words. */
export const copyReasons: Readonly<Record<CopyReason, Words>> = {
  'too-young': { means: 'changed a moment ago', todo: waits },
  'too-large': { means: 'larger than an object can be (5 TiB)', todo: 'keep it elsewhere' },
  changed: { means: 'the file changed while it was read', todo: 'see what still writes to the source, then retry' },
  'gone-below': { means: 'the file is not below any more', todo: 'nothing: there is nothing to copy' },
  unreadable: {
    means: 'this program may not read the file',
    todo: 'give its user the right to read it, then retry',
  },
  'private-without-acls': {
    means: 'not for the public, and the bucket has no ACLs that would hide it',
    todo: 'copy it elsewhere by hand, or make the file readable for all and retry',
  },
  damaged: {
    means: 'the medium gives it no more',
    todo: 'save what can be saved (ddrescue, a backup), put it in its place, then retry; --lost lists them for the moderators',
  },
  'source-unavailable': {
    means: 'the source could not be asked',
    todo: 'see what is wrong with the source; it is tried again by itself',
  },
  'no-spool-room': {
    means: 'no room in state.dir/spool',
    todo: 'see spool.disk and the free space of state.dir; it is tried again by itself',
  },
  'bucket-unavailable': { means: 'the bucket could not be asked', todo: waits },
  'slow-down': { means: 'the store asked to be asked less', todo: waits },
  'store-refused': { means: 'the store refused it', todo: 'see what the store says, then retry' },
  'store-denied': {
    means: 'the store takes nothing: wrong keys, or a full bucket',
    todo: 'upstairs check; it is tried again by itself',
  },
  'unknown-outcome': { means: 'it is not known whether it arrived', todo: 'nothing: it is looked for' },
  'missing-again': { means: 'uploaded, and not there when looked for', todo: 'upstairs check, then retry' },
  cancelled: { means: 'broken off', todo: waits },
  internal: { means: 'an error of this program', todo: 'please report it, with its detail' },
};

export function isCopyReason(text: string): text is CopyReason {
  return Object.hasOwn(copyReasons, text);
}
