import type { Dispatcher } from 'undici';
import { FreshCheck } from '../lib/fresh-check.ts';
import { percentEncode } from '../lib/percent-encode.ts';
import { isExactKey } from './exact-key.ts';
import type { RemoteDoor } from './remote-door.ts';
import { factsIn, RemoteAnswerError, unexpected } from './remote-facts.ts';
import { RemoteObject } from './remote-object.ts';
import { unavailable, unavailableFor } from './remote-trouble.ts';
import { discard } from './small-answer.ts';
import type { Source, SourceAnswer, Wanted } from './source.ts';

export interface HttpSourceOptions {
  readonly name: string;
  /** To the server's origin. Closed by who made it. */
  readonly door: RemoteDoor;
  /** Path before every key, encoded as it is sent, with a slash at its end. */
  readonly basePath: string;
  /** Sent with every request: the secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** A key that is always there; undefined: every 404 is believed. */
  readonly canary: string | undefined;
  /** Content headers by key, as for disks. */
  readonly headersOf: (key: string) => Readonly<Record<string, string>>;
}

/**
 * A directory of media behind a web server on another machine, plain nginx say. 200: found; 403: private (nginx may not read it); 404 and 410:
 * missing; both are believed only while the canary is there (I8). 401: the secret is wrong. Anything else tells nothing of the object.
 * Redirects are not followed: the secret would go to whoever they name, and what came from there would not be what lies here.
 */
export class HttpSource implements Source {
  readonly name: string;
  readonly #options: HttpSourceOptions;
  readonly #canary = new FreshCheck(() => this.#canaryIsThere());

  constructor(options: HttpSourceOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async open(key: string, signal: AbortSignal, wanted: Wanted = 'bytes'): Promise<SourceAnswer> {
    signal.throwIfAborted();
    if (!isExactKey(key)) return { kind: 'missing' };
    try {
      const { door } = this.#options;
      const answer = await door.ask('object', this.#request(key, wanted === 'facts' ? 'HEAD' : 'GET'), signal);
      if (answer.statusCode === 200) return this.#found(key, answer, wanted);
      discard(answer);
      return await this.#notFound(key, answer);
    } catch (error) {
      signal.throwIfAborted();
      return unavailableFor(error);
    }
  }

  #found(key: string, answer: Dispatcher.ResponseData, wanted: Wanted): SourceAnswer {
    const { door, headersOf } = this.#options;
    try {
      this.#mustBeTheFile(key, answer);
      const object = new RemoteObject({
        source: this.name,
        facts: factsIn(200, answer.headers),
        headers: headersOf(key),
        private: false,
        answer: wanted !== 'facts' ? answer : undefined,
        ask: (lane, method, headers, signal) => door.ask(lane, this.#request(key, method, headers), signal),
        atomic: false,
      });
      if (wanted === 'facts') discard(answer);
      return { kind: 'found', object };
    } catch (error) {
      discard(answer);
      throw error;
    }
  }

  async #notFound(key: string, { statusCode: status, headers }: Dispatcher.ResponseData): Promise<SourceAnswer> {
    if (status === 404 || status === 410 || this.#isDirectory(key, status, headers.location))
      return await this.#believed({ kind: 'missing' });
    if (status === 403) return await this.#believed({ kind: 'private' });
    if (status === 401) return unavailable('denied', unexpected(status));
    if (status >= 300 && status < 400)
      throw new RemoteAnswerError('REDIRECTED', `the server answered ${status}, and redirects are not followed`);
    throw unexpected(status);
  }

  /** A disk that is not mounted over there is an empty directory, and a wrong secret or address may be a 403. */
  async #believed(answer: SourceAnswer): Promise<SourceAnswer> {
    if (this.#options.canary === undefined || (await this.#canary.ask())) return answer;
    return unavailable('not-mounted', new RemoteAnswerError('NO_CANARY', 'the canary is not there'));
  }

  async #canaryIsThere(): Promise<boolean> {
    const { canary, door } = this.#options;
    if (canary === undefined) return true;
    try {
      const answer = await door.ask('check', this.#request(canary, 'HEAD'));
      discard(answer);
      this.#mustBeTheFile(canary, answer);
      return answer.statusCode === 200;
    } catch {
      // Whatever the reason: a source that cannot be asked proves no absence, which is all that is asked here.
      return false;
    }
  }

  /**
   * A web page with status 200 comes from whatever stands in the server's place: a log-in of the network, a page for errors, the start page
   * that `try_files` ends with. It would be copied as the file for good.
   */
  #mustBeTheFile(key: string, { headers }: Dispatcher.ResponseData): void {
    if (isPage(headers['content-type']) && !isPage(this.#options.headersOf(key)['content-type']))
      throw new RemoteAnswerError('A_PAGE', 'the server sends a web page in place of the file');
  }

  /** nginx, as most servers, sends who asks for a directory to the same path with a slash. */
  #isDirectory(key: string, status: number, location: string | string[] | undefined): boolean {
    if (status !== 301 || typeof location !== 'string') return false;
    const asked = `http://there${this.#pathOf(key)}`;
    try {
      return decodeURIComponent(new URL(location, asked).pathname) === decodeURIComponent(`${this.#pathOf(key)}/`);
    } catch {
      // No URL, or not one of this path.
      return false;
    }
  }

  #request(key: string, method: 'GET' | 'HEAD', headers: Readonly<Record<string, string>> = {}) {
    return { method, path: this.#pathOf(key), headers: { ...this.#options.headers, ...headers } };
  }

  /** Every byte that could mean something else in a URL is encoded: one file, one key. */
  #pathOf(key: string): string {
    return this.#options.basePath + percentEncode(key).replaceAll('%2F', '/');
  }
}

function isPage(contentType: string | string[] | undefined): boolean {
  return /^\s*(text\/html|application\/xhtml\+xml)\s*(;|$)/i.test(String(contentType));
}
