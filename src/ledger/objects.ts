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
  readonly objects: number;
  readonly bytes: number;
}

/** What the bucket holds, as far as its listings have told. An object that came or went since is another matter. */
export interface Objects {
  /** Of the last listing that ended: in order of key (by its UTF-8 bytes), after this one. */
  page(after: string | undefined, limit: number): Promise<readonly ListedObject[]>;
  of(key: string): Promise<ListedObject | undefined>;
  /** The newest listing that ended, and a newer one that did not, if there is one. */
  listings(): Promise<{ readonly last: Listing | undefined; readonly open: Listing | undefined }>;
  close(): Promise<void>;
}
