import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhenResult,
} from 'cockatiel';
import { isDown, unavailable } from './remote-trouble.ts';
import type { Source, SourceAnswer, Wanted } from './source.ts';

/**
 * Stops asking a source on another machine that does not answer: after so many failures in a row nobody waits for it any more, and one read
 * every `retryAfterMs` finds out whether it is back.
 */
export class BreakingSource implements Source {
  readonly name: string;
  readonly #source: Source;
  readonly #breaker: CircuitBreakerPolicy;

  constructor(source: Source, options: { failures: number; retryAfterMs: number }) {
    this.name = source.name;
    this.#source = source;
    const failing = handleWhenResult((answer) => {
      const given = answer as SourceAnswer;
      return given.kind === 'unavailable' && isDown(given);
    });
    // A reader who leaves says nothing about the source, but must not pass for the proof that it is back.
    const probing = () => this.#breaker.state === CircuitState.HalfOpen;
    this.#breaker = circuitBreaker(failing.orWhen(probing), {
      halfOpenAfter: options.retryAfterMs,
      breaker: new ConsecutiveBreaker(options.failures),
    });
  }

  /** It is asked: it answered last, or has not failed often enough. */
  get asked(): boolean {
    return this.#breaker.state === CircuitState.Closed;
  }

  async open(key: string, signal: AbortSignal, wanted?: Wanted): Promise<SourceAnswer> {
    signal.throwIfAborted();
    // One read finds out whether it is back; the others need not wait for what it finds.
    if (this.#breaker.state === CircuitState.HalfOpen) return waiting();
    try {
      return await this.#breaker.execute(() => this.#source.open(key, signal, wanted));
    } catch (error) {
      if (error instanceof BrokenCircuitError) return waiting();
      throw error;
    }
  }
}

function waiting(): SourceAnswer {
  return unavailable('busy', new Error('it did not answer lately, and is tried again in some seconds'));
}
