/** One object of the bucket, as a listing last told. */
export interface ListedObject {
  readonly key: string;
  /** In bytes. */
  readonly size: number;
  /** As the store gives it, without quotes: an MD5 in hex, or `…-N` of an object that came in parts. */
  readonly etag: string;
}

/** Times in milliseconds since the epoch. */
export interface Listing {
  readonly beganMs: number;
  /** Undefined: it did not come to its end (yet). */
  readonly endedMs: number | undefined;
  /** What it met so far. */
  readonly objects: number;
  readonly bytes: number;
}

/**
 * What the bucket holds, as the last listing that ended told: nothing before one has. A newer one under way changes nothing here until it has
 * seen everything; then its differences are taken over, in small bites, and only after the last of them it is the `last` one. Who reads in
 * between sees some keys as the older listing told them and some as the newer one did: each of them is true of a whole listing, none is
 * missing because a listing did not come so far. An object that came or went since is another matter.
 */
export interface Objects {
  /** In order of key (by its UTF-8 bytes), after this one. */
  page(after: string | undefined, limit: number): Promise<readonly ListedObject[]>;
  of(key: string): Promise<ListedObject | undefined>;
  /** The newest listing that ended, and a newer one that did not, if there is one. */
  listings(): Promise<{ readonly last: Listing | undefined; readonly open: Listing | undefined }>;
  close(): Promise<void>;
}
