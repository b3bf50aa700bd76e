import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhenResult,
} from 'cockatiel';
import {
  type Bucket,
  type BucketHead,
  type BucketRead,
  type BucketTrouble,
  type RangeHint,
  unavailable,
} from './bucket.ts';

/** Troubles of the way or the store itself: asking at once again helps nobody. */
const counted: ReadonlySet<BucketTrouble> = new Set(['connect', 'timeout', 'server-error', 'slow-down']);

/**
 * Stops asking a store that does not answer: after so many failures in a row, readers go to the sources at once, and one
 * request every `retryAfterMs` finds out whether it is back.
 */
export class BreakingBucket implements Bucket {
  readonly #bucket: Bucket;
  readonly #breaker: CircuitBreakerPolicy;

  constructor(bucket: Bucket, options: { failures: number; retryAfterMs: number }) {
    this.#bucket = bucket;
    const failing = handleWhenResult((answer) => {
      const { kind, trouble } = answer as BucketRead & { trouble?: BucketTrouble };
      return kind === 'unavailable' && trouble !== undefined && counted.has(trouble);
    });
    // A reader who leaves says nothing about the store, but must not pass for the proof that it is back.
    const probing = () => this.#breaker.state === CircuitState.HalfOpen;
    this.#breaker = circuitBreaker(failing.orWhen(probing), {
      halfOpenAfter: options.retryAfterMs,
      breaker: new ConsecutiveBreaker(options.failures),
    });
  }

  get(key: string, hint: RangeHint | undefined, signal: AbortSignal): Promise<BucketRead> {
    return this.#guarded(() => this.#bucket.get(key, hint, signal));
  }

  head(key: string, signal: AbortSignal): Promise<BucketHead> {
    return this.#guarded(() => this.#bucket.head(key, signal));
  }

  async #guarded<T extends BucketRead | BucketHead>(
    ask: () => Promise<T>,
  ): Promise<T | ReturnType<typeof unavailable>> {
    // One request finds out whether the store is back; the others need not wait for what it finds.
    if (this.#breaker.state === CircuitState.HalfOpen) return unavailable('breaker-open');
    try {
      return await this.#breaker.execute(ask);
    } catch (error) {
      if (error instanceof BrokenCircuitError) return unavailable('breaker-open');
      throw error;
    }
  }
}
