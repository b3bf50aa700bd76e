import type { ListedObject, Listing } from './objects.ts';

/** A part of the keys, in the order of their UTF-8 bytes, that a listing has still to go through. */
export interface ListingRange {
  readonly id: number;
  /** It begins behind this key; '' is before all. */
  readonly after: string;
  /** It ends with this key; undefined: with the last one there is. */
  readonly upTo: string | undefined;
}

/** What the bucket holds from where a range begins. */
export interface ListedPart {
  /** In order of key. */
  readonly objects: readonly ListedObject[];
  /** Up to this key, itself included, there is nothing but these objects; undefined: up to the end of the range, which is done then. */
  readonly upTo: string | undefined;
}

/**
 * The record of a listing under way, for one writer at a time. Every call is durable in small transactions, so that a process that is killed
 * at any moment goes on with what `ranges` says: together they are exactly what was not seen yet.
 */
export interface ListingWriter {
  /** The listing that is open, or a new one of a single range over everything. `fresh`: what is open is given up. */
  begin(nowMs: number, fresh: boolean): Promise<Listing>;
  ranges(): Promise<readonly ListingRange[]>;
  /** Splits what is left of a range behind these keys; those outside of it are ignored. Gives the range as it is then, and the new ones. */
  split(range: number, behind: readonly string[]): Promise<readonly ListingRange[]>;
  put(range: number, part: ListedPart): Promise<void>;
  /** Takes over what the open listing found: from now on it is the last one. Only when no range is left. */
  end(nowMs: number): Promise<Listing>;
  /** What the open listing found is forgotten: it was not this bucket that answered. */
  giveUp(): Promise<void>;
}
