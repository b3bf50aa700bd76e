import type { Readable } from 'node:stream';
import { type Dispatcher, errors } from 'undici';
import { unlessAborted } from '../lib/unless-aborted.ts';
import { HandedBody } from './handed-body.ts';

export interface ExchangeOptions {
  readonly body?: { readonly stream: Readable; readonly size: number } | undefined;
  readonly signal: AbortSignal;
  /** The longest wait for a connection. */
  readonly waitTimeoutMs: number;
  /** From the last byte of the body, or from now where no stream is sent, to the answer's end, or to its headers if it is streamed. */
  readonly deadlineMs?: number | undefined;
  readonly streamed?: boolean | undefined;
}

/** One request on its way to the store: its deadlines, and how far it came. */
export class Exchange {
  readonly body: HandedBody | undefined;
  readonly #abort = new AbortController();
  readonly #outer: AbortSignal;
  readonly #leave = () => this.#abort.abort(this.#outer.reason);
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #streamed: boolean;
  #begun = false;

  constructor(options: ExchangeOptions) {
    const { body, signal, waitTimeoutMs, deadlineMs, streamed = false } = options;
    this.#outer = signal;
    this.#streamed = streamed;
    if (signal.aborted) this.#leave();
    signal.addEventListener('abort', this.#leave, { once: true });
    const limit = () => {
      if (deadlineMs !== undefined) this.#after(deadlineMs, () => new errors.HeadersTimeoutError());
    };
    if (body) this.body = new HandedBody(body.stream, body.size, limit);
    else limit();
    this.#after(waitTimeoutMs, () =>
      this.#begun ? undefined : new errors.ConnectTimeoutError('no connection in time'),
    );
  }

  /** Ends the request. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Whether the store may have got the whole request. */
  get mayHaveArrived(): boolean {
    return this.#begun && (this.body?.whole ?? true);
  }

  /** Told as the request gets its connection: from here on bytes may leave. */
  begin(): void {
    this.#begun = true;
  }

  /**
   * The answer, if it comes in time. undici does not reject a request that waits for a connection when it is aborted, so the caller is
   * let go here, and an answer that comes too late is thrown away.
   */
  async answer(request: Promise<Dispatcher.ResponseData>): Promise<Dispatcher.ResponseData> {
    try {
      const answer = await unlessAborted(request, this.signal, ({ body }) => discard(body));
      answer.body.once('close', () => this.#forget());
      if (this.#streamed) this.#disarm();
      return answer;
    } catch (error) {
      this.#forget();
      // One that still waits would else read from it when its turn comes.
      this.body?.destroy();
      throw error;
    }
  }

  #after(ms: number, reason: () => Error | undefined): void {
    const expire = () => {
      const error = reason();
      if (error) this.#abort.abort(error);
    };
    this.#timers.push(setTimeout(expire, ms));
  }

  #disarm(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #forget(): void {
    this.#disarm();
    this.#outer.removeEventListener('abort', this.#leave);
  }
}

/** Closes the connection of an answer that nobody reads. */
export function discard(body: Readable): void {
  body.on('error', () => undefined).destroy();
}
