import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { type ByteRange, rangeLength } from '../lib/byte-range.ts';
import { decimalSeconds, millisecondsOf } from '../lib/decimal-seconds.ts';
import type { ObjectMeta } from '../lib/object-meta.ts';
import { readError, remoteBytes } from './remote-bytes.ts';
import type { Lane } from './remote-door.ts';
import { factsIn, onlyThis, RemoteAnswerError, type RemoteFacts, sameVersion, unexpected } from './remote-facts.ts';
import { discard } from './small-answer.ts';
import { type SourceObject, SourceReadError } from './source.ts';

export interface RemoteObjectOptions {
  /** The source's name. */
  readonly source: string;
  readonly facts: RemoteFacts;
  readonly headers: Readonly<Record<string, string>>;
  readonly private: boolean;
  /** The answer that it was found with, its body unread; undefined: that brought none. */
  readonly answer: Dispatcher.ResponseData | undefined;
  /** One more request for the same key. */
  readonly ask: (
    lane: Lane,
    method: 'GET' | 'HEAD',
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ) => Promise<Dispatcher.ResponseData>;
  /**
   * The server never mixes two versions of an object in one answer, so that a whole answer needs no second look. True of S3, where objects are
   * put in place whole; false of a directory, where a file can be written over while it is sent.
   */
  readonly atomic: boolean;
}

/**
 * An object on another machine. The answer that it was found with becomes the first read of the whole: it crosses once. Every other read is a
 * request of its own, pinned to the same version.
 */
export class RemoteObject implements SourceObject {
  readonly meta: ObjectMeta;
  readonly mtime: string;
  readonly private: boolean;
  readonly #options: RemoteObjectOptions;
  #answer: Dispatcher.ResponseData | undefined;
  #cameWhole = false;

  constructor(options: RemoteObjectOptions) {
    const { facts, headers } = options;
    this.meta = { size: facts.size, mtimeMs: millisecondsOf(facts.mtimeNs), headers };
    this.mtime = decimalSeconds(facts.mtimeNs);
    this.private = options.private;
    this.#options = options;
    this.#answer = options.answer;
  }

  read(range?: ByteRange): Readable {
    const { source } = this.#options;
    const all = range === undefined || (range.first === 0 && range.last === this.meta.size - 1);
    const size = all ? this.meta.size : rangeLength(range);
    // Who begins in the middle does not want the rest. Who wants the beginning gets it from the answer that is here: it must not
    // hold a place while a request for a part of it waits for one.
    if (!all && range.first > 0) this.close();
    const from = this.#taken()?.body ?? ((left: AbortSignal) => this.#again(all ? undefined : range, left));
    if (!all) return remoteBytes({ source, size, from, beginning: typeof from !== 'function' });
    const whole = () => {
      this.#cameWhole = true;
    };
    return remoteBytes({ source, size, from, whole });
  }

  async unchanged(): Promise<boolean> {
    const { atomic, source } = this.#options;
    if (atomic && this.#cameWhole) return true;
    try {
      return await this.#isTheSame().catch(async () => {
        // One lost question must not throw away what took an ocean to cross.
        await setTimeout(askAgainAfterMs);
        return await this.#isTheSame();
      });
    } catch (error) {
      throw readError(source, error);
    }
  }

  async #isTheSame(): Promise<boolean> {
    const { facts, ask } = this.#options;
    const answer = await ask('check', 'HEAD', {});
    discard(answer);
    const { statusCode: status, headers } = answer;
    if (gone.has(status)) return false;
    if (status !== 200) throw unexpected(status);
    return sameVersion(facts, factsIn(status, headers));
  }

  /** Lets go of the answer that it was found with, if nobody reads that. */
  close(): void {
    const answer = this.#taken();
    if (answer) discard(answer);
  }

  #taken(): Dispatcher.ResponseData | undefined {
    const answer = this.#answer;
    this.#answer = undefined;
    return answer;
  }

  async #again(range: ByteRange | undefined, left: AbortSignal): Promise<Readable> {
    const { ask, facts } = this.#options;
    const part = range && { range: `bytes=${range.first}-${range.last}` };
    const answer = await ask('part', 'GET', { ...onlyThis(facts), ...part }, left);
    try {
      this.#check(answer, range);
      return answer.body;
    } catch (error) {
      discard(answer);
      throw error;
    }
  }

  #check({ statusCode: status, headers }: Dispatcher.ResponseData, range: ByteRange | undefined): void {
    const { source, facts } = this.#options;
    const changed = () => new SourceReadError('CHANGED', `${source}: the object changed since it was opened`);
    if (gone.has(status) || status === 412) throw changed();
    if (status !== 200 && status !== 206) throw unexpected(status);
    if (!sameVersion(facts, factsIn(status, headers))) throw changed();
    if (status === 200 && range) throw new RemoteAnswerError('NO_RANGES', 'the server gives no parts of objects');
    const wanted = range && `bytes ${range.first}-${range.last}/${facts.size}`;
    if (headers['content-range'] !== wanted)
      throw new RemoteAnswerError('WRONG_RANGE', 'the server sends another part than it was asked for');
  }
}

/** In milliseconds: longer than most losses of a line. */
const askAgainAfterMs = 500;

/** It is not there any more, or not for everybody any more. */
const gone = new Set([403, 404, 410]);
