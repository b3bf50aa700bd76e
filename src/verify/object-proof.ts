import type { Acl } from '../bucket/object-store.ts';

/** What a HEAD tells of an object. */
export interface ObjectHead {
  readonly size: number;
  /** In hex: rclone's `md5chksum`, or an ETag of that form; undefined: neither. */
  readonly md5: string | undefined;
  /** It says of itself that a copy of ours made it. */
  readonly ours: boolean;
  /** `x-amz-meta-mtime`: the source's mtime in decimal seconds. */
  readonly mtime: string | undefined;
}

/**
 * The bucket as a proof asks it: signed, paced, and what changes nothing alone. What a store answers when it is in trouble is thrown, after
 * some tries, as an Error that names its code and holds no request.
 */
export interface ObjectProof {
  head(key: string): Promise<ObjectHead | 'missing'>;
  /** Reads all of an object again and hashes it. `came`: told of each piece, in bytes. */
  hash(key: string, came: (bytes: number) => void): Promise<{ size: number; md5: string } | 'missing'>;
  acl(key: string): Promise<Acl | 'missing'>;
}
