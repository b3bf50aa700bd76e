import type { BucketTrouble } from '../bucket/bucket.ts';
import type { StoreAnswer, StoreGateway } from './store-gateway.ts';

type Store = Pick<StoreGateway, 'send'>;

export interface WatchedStoreOptions {
  readonly store: Store;
  /** Names what a request failed with on its way. */
  readonly troubleOf: (error: unknown) => BucketTrouble;
  /** Told of each request's end: what went wrong, or undefined. */
  readonly ended: (trouble: BucketTrouble | undefined) => void;
}

/** The store as the write host asks it, with every answer told. */
export class WatchedStore implements Store {
  readonly #options: WatchedStoreOptions;

  constructor(options: WatchedStoreOptions) {
    this.#options = options;
  }

  async send(request: Parameters<Store['send']>[0]): Promise<StoreAnswer> {
    const { store, ended } = this.#options;
    const answer = await store.send(request);
    // A client who left, or whose body broke, says nothing about the store.
    const clients = answer.kind === 'unknown' && (request.signal.aborted || answer.bodyError !== undefined);
    if (!clients) ended(this.#troubleIn(answer));
    return answer;
  }

  /** What the client may not do, or is not there, is an answer and no trouble. */
  #troubleIn(answer: StoreAnswer): BucketTrouble | undefined {
    if (answer.kind === 'unknown') return this.#options.troubleOf(answer.cause);
    if (answer.status === 503 || answer.status === 429) return 'slow-down';
    if (answer.status >= 500) return 'server-error';
    return answer.status === 401 || answer.status === 403 ? 'refused' : undefined;
  }
}
