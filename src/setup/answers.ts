import { randomBytes } from 'node:crypto';

/** What must be known to set Upstairs up. */
export interface Answers {
  /** Host of the instance's own pages. */
  readonly webHost: string;
  /** The read host. */
  readonly mediaHost: string;
  /** The write host. */
  readonly writeHost: string;
  /** Mastodon's public/system, absolute; undefined: no disk holds media. */
  readonly root: string | undefined;
  readonly bucket: BucketAnswers;
  /** Absolute. */
  readonly stateDir: string;
  /** A bucket to leave, where Mastodon keeps its media now. */
  readonly oldBucket: OldBucket | undefined;
  /** Other places where links to media point already. */
  readonly oldRoutes: readonly OldRoute[];
  /** Origins that Mastodon's EXTRA_MEDIA_HOSTS names already. */
  readonly extraMediaHosts: readonly string[];
}

export interface BucketAnswers {
  readonly endpoint: string;
  readonly region: string;
  readonly name: string;
  /** Empty, or ends with "/". */
  readonly keyPrefix: string;
  readonly acls: boolean;
}

/** An S3 bucket as Mastodon's settings describe it; the secret is a file of its own. */
export interface OldBucket {
  readonly endpoint: string;
  readonly region: string;
  readonly name: string;
  readonly keyPrefix: string;
  readonly acls: boolean;
}

export interface OldRoute {
  readonly host: string;
  /** Begins and ends with "/". */
  readonly prefix: string;
}

/** The secrets of a set-up: each becomes a file of its own, and stands nowhere else but in mastodon.env. */
export interface Secrets {
  readonly 'admin-token': string;
  readonly 'bucket-access-key': string;
  readonly 'bucket-secret-key': string;
  readonly 'mastodon-access-key': string;
  readonly 'mastodon-secret-key': string;
  readonly 'purge-secret': string;
  readonly 'old-bucket-access-key'?: string;
  readonly 'old-bucket-secret-key'?: string;
}

/** Secrets that are nobody's yet. */
export const madeUp = {
  'admin-token': () => randomBytes(32).toString('hex'),
  'mastodon-access-key': () => `UP${randomBytes(9).toString('hex').toUpperCase()}`,
  'mastodon-secret-key': () => randomBytes(32).toString('hex'),
  'purge-secret': () => randomBytes(32).toString('hex'),
} as const satisfies Partial<Record<keyof Secrets, () => string>>;
