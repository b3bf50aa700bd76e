import type { Dispatcher } from 'undici';
import { showsEverybody } from './acl-grants.ts';
import { isExactKey } from './exact-key.ts';
import type { Lane, RemoteDoor } from './remote-door.ts';
import { factsIn, RemoteAnswerError } from './remote-facts.ts';
import { RemoteObject } from './remote-object.ts';
import { unavailable, unavailableFor } from './remote-trouble.ts';
import { discard, smallText } from './small-answer.ts';
import type { Source, SourceAnswer, Wanted } from './source.ts';

export interface S3SourceOptions {
  readonly name: string;
  /** To the store's origin. Closed by who made it. */
  readonly door: RemoteDoor;
  /** Path and query for the request line and signed headers; `acl`: of the object's ACL. */
  readonly sign: (
    method: 'GET' | 'HEAD',
    key: string,
    what: 'object' | 'acl',
  ) => { readonly target: string; readonly headers: Readonly<Record<string, string>> };
  /** Whether an object that its ACL does not show to everybody is private; else all are public. */
  readonly acls: boolean;
  /** Content headers by key, as for disks. */
  readonly headersOf: (key: string) => Readonly<Record<string, string>>;
}

/** An old bucket. Only NoSuchKey is an absence: a bucket that is not there has no keys either, and that tells nothing of them (I8). */
export class S3Source implements Source {
  readonly name: string;
  readonly #options: S3SourceOptions;

  constructor(options: S3SourceOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async open(key: string, signal: AbortSignal, wanted: Wanted = 'bytes'): Promise<SourceAnswer> {
    signal.throwIfAborted();
    if (!isExactKey(key)) return { kind: 'missing' };
    const stop = new AbortController();
    const isPublic = this.#isPublic(key, AbortSignal.any([signal, stop.signal]));
    // Whoever needs it gets the error.
    isPublic.catch(() => undefined);
    try {
      const answer = await this.#ask('object', wanted === 'facts' ? 'HEAD' : 'GET', key, {}, signal);
      if (answer.statusCode === 200) return await this.#found(key, answer, wanted, isPublic);
      // A HEAD has no body that tells which 404 or 403 it is.
      if (wanted !== 'facts') throw await refusal(answer);
      discard(answer);
    } catch (error) {
      signal.throwIfAborted();
      return answerFor(error);
    } finally {
      stop.abort();
    }
    return await this.open(key, signal, 'bytes');
  }

  async #found(
    key: string,
    answer: Dispatcher.ResponseData,
    wanted: Wanted,
    isPublic: Promise<boolean>,
  ): Promise<SourceAnswer> {
    try {
      const object = new RemoteObject({
        source: this.name,
        facts: factsIn(200, answer.headers),
        headers: this.#options.headersOf(key),
        private: !(await isPublic),
        answer: wanted !== 'facts' ? answer : undefined,
        ask: (lane, method, headers, signal) => this.#ask(lane, method, key, headers, signal),
        atomic: true,
      });
      if (wanted === 'facts') discard(answer);
      return { kind: 'found', object };
    } catch (error) {
      discard(answer);
      throw error;
    }
  }

  /** Asked at the same time as the object, so that it costs no crossing of its own. */
  async #isPublic(key: string, signal: AbortSignal): Promise<boolean> {
    if (!this.#options.acls) return true;
    const { target, headers } = this.#options.sign('GET', key, 'acl');
    const answer = await this.#options.door.ask('check', { method: 'GET', path: target, headers }, signal);
    if (answer.statusCode !== 200) throw withoutAcl(await refusal(answer));
    return showsEverybody(await smallText(answer));
  }

  #ask(
    lane: Lane,
    method: 'GET' | 'HEAD',
    key: string,
    more: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { target, headers } = this.#options.sign(method, key, 'object');
    return this.#options.door.ask(lane, { method, path: target, headers: { ...headers, ...more } }, signal);
  }
}

/** The store's own code where it says one: `NoSuchBucket`, `InvalidAccessKeyId`, `PermanentRedirect`; else `STATUS_403`. */
async function refusal(answer: Dispatcher.ResponseData): Promise<RemoteAnswerError> {
  const { statusCode: status } = answer;
  const [, code = `STATUS_${status}`] = /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(await smallText(answer)) ?? [];
  const known = status >= 500 ? `STATUS_${status}` : code;
  return new RemoteAnswerError(known, `the store answered ${status} ${code}`);
}

/** That an ACL is not there says nothing of the object: only the object's own answer does. */
function withoutAcl(error: RemoteAnswerError): RemoteAnswerError {
  return error.code === 'NoSuchKey' ? new RemoteAnswerError('NO_ACL', 'the store does not tell the ACL') : error;
}

function answerFor(error: unknown): SourceAnswer {
  if (!(error instanceof RemoteAnswerError)) return unavailableFor(error);
  if (error.code === 'NoSuchKey') return { kind: 'missing' };
  return denied.has(error.code) ? unavailable('denied', error) : unavailableFor(error);
}

const denied = new Set([
  'AccessDenied',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'RequestTimeTooSkewed',
  'STATUS_403',
]);
