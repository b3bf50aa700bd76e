import type { Readable } from 'node:stream';
import type { Mark } from '../marks/marks.ts';
import type { Mutations } from './mutations.ts';
import type { Announced } from './payload.ts';
import type { RawRequest } from './raw-request.ts';
import type { Caller } from './signature.ts';
import type { StoreGateway } from './store-gateway.ts';

/** A request that was authorised, as the handlers of operations see it. */
export interface Call {
  readonly request: RawRequest;
  readonly caller: Caller;
  /** What was announced of the body. Throws an S3Error. */
  announced(): Announced;
  /**
   * The body, verified as it comes (`verifiedBody`): it breaks before its last piece when anything is not as announced. Asks the client
   * for it, if it waits to be asked. Called once.
   */
  body(announced: Announced): Readable;
  /** The client left. */
  readonly signal: AbortSignal;
  /** What became of each key, for the audit log. */
  audited(key: string, outcome: string): void;
}

/** What is answered. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes, with their length among the headers; or XML. */
  readonly body?: Readable | string | undefined;
}

/** What the handlers of operations work with. */
export interface GatewayParts {
  readonly store: Pick<StoreGateway, 'send'>;
  readonly mutations: Pick<Mutations, 'run'>;
  readonly markOf: (key: string) => Promise<Mark>;
  /** Whether a source has it, for everybody or not. */
  readonly whereBelow: (key: string) => Promise<'nowhere' | 'below' | 'unknown'>;
  /** Whether the bucket is the right one, looked at anew: only then an absence is believed. */
  readonly rightBucket: () => Promise<boolean>;
  /** The bucket as clients call it. */
  readonly bucket: string;
  /** Put before every key in the store. */
  readonly keyPrefix: string;
  /** Whether objects have ACLs; without them only marks hide. */
  readonly acls: boolean;
  readonly isPrivate: (key: string) => boolean;
  /** Milliseconds from the last byte of a request to its answer. */
  readonly answerWithinMs: number;
  readonly newId: () => string;
  readonly now: () => number;
}

/** Nobody's leaving ends it: what was begun with the store is seen to its end. */
export const toTheEnd = new AbortController().signal;
