import type { ListedObject } from '../ledger/objects.ts';
import { OperatorError } from '../lib/operator-error.ts';

export interface ListingQuestion {
  /** Keys that begin so. Default: all. */
  readonly prefix?: string;
  /** What comes behind this key or prefix; '' is before all. */
  readonly after: string;
  /** Keys that go on to this character after `prefix` come as one of `prefixes`. */
  readonly delimiter?: string;
  /** At most 1000. */
  readonly limit: number;
}

export interface ListingPage {
  /** In order of their keys' UTF-8 bytes, each behind `after`; without what is Upstairs' own. */
  readonly objects: readonly ListedObject[];
  readonly prefixes: readonly string[];
  /** There is nothing else up to here, this included; the next page begins behind it. Undefined: there is nothing else at all. */
  readonly upTo: string | undefined;
}

/** The bucket's own listing, signed; keys are without `bucket.keyPrefix`. */
export interface ObjectListing {
  /** One request, not repeated. Throws ListingError, or the signal's reason. */
  page(question: ListingQuestion, signal: AbortSignal): Promise<ListingPage>;
  close(): Promise<void>;
}

export type ListingErrorCode =
  /** 503 SlowDown, 429: later, and less often. */
  | 'LISTING_SLOW_DOWN'
  /** No answer, or 5xx: later. */
  | 'LISTING_UNAVAILABLE'
  /** No bucket, no right: asking again does not help. */
  | 'LISTING_REFUSED'
  /** What came is no listing in S3's order: whatever would be made of it could have holes. */
  | 'LISTING_ODD';

/** A listing that is of no use. */
export class ListingError extends OperatorError<ListingErrorCode> {}
