import { type Dispatcher, Pool } from 'undici';
import type { Latency } from '../lib/service-times.ts';
import { ServiceTimes } from '../lib/service-times.ts';
import { Turns } from '../lib/turns.ts';
import { unlessAborted } from '../lib/unless-aborted.ts';
import { discard } from './small-answer.ts';
import { SourceReadError } from './source.ts';

export interface RemoteDoorOptions {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Requests at once, bodies under way included. */
  readonly connections: number;
  /** Requests that may wait for their turn; half of them for parts. */
  readonly maxWaiting: number;
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  /** The longest silence within a body. */
  readonly bodyTimeoutMs: number;
  /** The authority that is believed instead of the public ones, PEM. */
  readonly ca?: string;
  /** Told what it took until each answer began, in milliseconds. */
  readonly took?: (ms: number) => void;
}

export interface RemoteRequest {
  readonly method: 'GET' | 'HEAD';
  /** Path and query, sent as they are. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * `object`: the first request for a key. `part`: one more read of an object; they have half of the places and of the queue, for readers who
 * jump about in videos hold theirs for long. `check`: a question with a small answer, in as many places of its own: what was fetched is not
 * thrown away because others came first.
 */
export type Lane = 'object' | 'part' | 'check';

const everyRequest = { 'user-agent': 'Upstairs', 'accept-encoding': 'identity' };

/** Less than the 75 s that nginx keeps idle connections: a new one costs three crossings, one that has just been closed a failed request. */
const keepAliveMs = 60_000;

/**
 * The one door to a source on another machine. A request holds its place until its body has closed, and waits for a place, a connection and
 * the headers no longer than `connectTimeoutMs + headersTimeoutMs`.
 */
export class RemoteDoor {
  readonly #options: RemoteDoorOptions;
  readonly #pool: Pool;
  readonly #times: ServiceTimes;
  readonly #deadlineMs: number;
  readonly #all: Turns;
  readonly #parts: Turns;
  readonly #checks: Turns;

  constructor(options: RemoteDoorOptions) {
    const { connections, connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs, ca } = options;
    this.#options = options;
    this.#times = new ServiceTimes(undefined, options.took);
    this.#deadlineMs = connectTimeoutMs + headersTimeoutMs;
    this.#all = new Turns(connections);
    const half = Math.ceil(connections / 2);
    this.#parts = new Turns(half);
    this.#checks = new Turns(half);
    this.#pool = new Pool(options.origin, {
      connections: connections + half,
      connect: { timeout: connectTimeoutMs, ...(ca === undefined ? {} : { ca }) },
      // Over HTTP/2 all bodies would share one connection, and its losses.
      allowH2: false,
      headersTimeout: headersTimeoutMs,
      bodyTimeout: bodyTimeoutMs,
      keepAliveTimeout: keepAliveMs,
    });
  }

  /** Requests whose answers are not over, and requests that wait for their turn. */
  get load(): { outstanding: number; waiting: number } {
    return {
      outstanding: this.#all.taken + this.#checks.taken,
      waiting: this.#all.waiting + this.#parts.waiting + this.#checks.waiting,
    };
  }

  /** What it took until answers began, of those that came within so many milliseconds. */
  latency(withinMs: number): Latency {
    return this.#times.within(withinMs);
  }

  /**
   * The answer, whatever its status; redirects are not followed. The caller consumes or destroys the body.
   * Rejects with `SourceReadError` TIMEOUT or BUSY, what undici throws, or the signal's reason.
   */
  async ask(lane: Lane, request: RemoteRequest, signal?: AbortSignal): Promise<Dispatcher.ResponseData> {
    if (!this.#admits(lane)) throw new SourceReadError('BUSY', 'too many requests wait for this source');
    const stop = new AbortController();
    const leave = () => stop.abort(signal?.reason);
    if (signal?.aborted) leave();
    signal?.addEventListener('abort', leave, { once: true });
    let begun = false;
    const timer = setTimeout(() => {
      const error = begun
        ? new SourceReadError('TIMEOUT', `no answer within ${this.#deadlineMs} ms`)
        : new SourceReadError('BUSY', `no turn within ${this.#deadlineMs} ms`);
      stop.abort(error);
    }, this.#deadlineMs);
    const answer = this.#placed(lane, stop.signal).then(async (giveBack) => {
      begun = true;
      try {
        const answer = await this.#times.timed(() => this.#sent(request, stop.signal));
        // Whoever reads the body is told; that nobody does is no reason to end the process.
        answer.body.on('error', () => undefined).once('close', giveBack);
        return answer;
      } catch (error) {
        giveBack();
        throw error;
      }
    });
    try {
      // undici does not reject a request that waits for its connection, so the caller is let go here.
      return await unlessAborted(answer, stop.signal, (late) => discard(late));
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', leave);
    }
  }

  /** Ends every request. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  /** Readers of parts fill their half of the queue only, so that the first read of another key finds a place in it. */
  #admits(lane: Lane): boolean {
    const { maxWaiting } = this.#options;
    if (lane === 'check') return this.#checks.free || this.#checks.waiting < maxWaiting;
    const room = this.#all.waiting + this.#parts.waiting < maxWaiting;
    if (lane === 'object') return this.#all.free || room;
    if (this.#parts.free) return this.#all.free || room;
    return room && this.#parts.waiting < Math.floor(maxWaiting / 2);
  }

  /** Resolves to what gives the place back. */
  async #placed(lane: Lane, signal: AbortSignal): Promise<() => void> {
    if (lane !== 'part') return await (lane === 'check' ? this.#checks : this.#all).take(signal);
    const leavePart = await this.#parts.take(signal);
    try {
      const leave = await this.#all.take(signal);
      return () => {
        leave();
        leavePart();
      };
    } catch (error) {
      leavePart();
      throw error;
    }
  }

  /** Nothing asks for a change, so a connection that was closed while it lay idle is no failure yet. */
  async #sent({ method, path, headers }: RemoteRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    // Without `reset: false` undici closes the connection after every HEAD.
    const options = { method, path, headers: { ...everyRequest, ...headers }, reset: false, signal };
    try {
      return await this.#pool.request(options);
    } catch (error) {
      if (signal.aborted || !closedConnection(error)) throw error;
      return await this.#pool.request(options);
    }
  }
}

function closedConnection(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}
