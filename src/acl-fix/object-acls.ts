import type { Acl, MendAnswer } from '../bucket/object-store.ts';

/**
 * Who put an object there. `upstairs`: a copy of ours, or a client through the write host; its ACL was decided then. `mastodon`: Mastodon's
 * own upload, past Upstairs; it makes objects public, and private on purpose. `other`: rclone, or another tool.
 */
export type Origin = 'upstairs' | 'mastodon' | 'other';

/** The bucket as a whole, signed and paced. What a store answers when it is in trouble is thrown, after some tries. */
export interface ObjectAcls {
  /** Every key, in pages that are asked for as they are needed; without `bucket.keyPrefix`. */
  keys(): AsyncIterable<string>;
  acl(key: string): Promise<Acl | 'missing'>;
  origin(key: string): Promise<Origin | 'missing'>;
  /** One request, not repeated. Never throws. */
  setAcl(key: string, acl: Acl): Promise<MendAnswer>;
}
