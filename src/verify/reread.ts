import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Source, type SourceAnswer, type SourceObject, SourceReadError } from '../sources/source.ts';
import type { DiskFacts } from './verdict.ts';

export interface RereadOptions {
  readonly source: Source;
  /** Told of each piece, in bytes. */
  readonly came: (bytes: number) => void;
  /** Half of a disk's time is left to its readers: after each read it is left alone for as long as that took. Injected in tests. */
  readonly rest?: (ms: number) => Promise<unknown>;
}

/** A file that changed while it was read is read so often. */
const reads = 2;

/** Reads files of one source again, through the source's own door: one after the other, and gently. */
export class Reread {
  readonly #options: RereadOptions;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: RereadOptions) {
    this.#options = options;
  }

  /** All bytes of a file, hashed. */
  read(key: string, signal: AbortSignal): Promise<DiskFacts> {
    return this.#inTurn(() => this.#read(key, signal));
  }

  /** Whether the file is still there, without its bytes. Undefined: it is, or nobody knows. */
  gone(key: string, signal: AbortSignal): Promise<DiskFacts | undefined> {
    return this.#inTurn(async () => {
      const answer = await this.#options.source.open(key, signal, 'facts');
      if (answer.kind === 'found') answer.object.close();
      return answer.kind === 'missing' ? { kind: 'gone' } : undefined;
    });
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const { rest = sleep } = this.#options;
    const result = this.#turn.then(async () => {
      const began = performance.now();
      return { facts: await act(), tookMs: performance.now() - began };
    });
    // Whoever waits is told of an error; the next one's turn comes all the same.
    this.#turn = result.then(
      ({ tookMs }) => rest(tookMs),
      () => undefined,
    );
    return result.then(({ facts }) => facts);
  }

  async #read(key: string, signal: AbortSignal): Promise<DiskFacts> {
    for (let read = 1; ; read += 1) {
      const answer = await this.#options.source.open(key, signal, 'bytes');
      if (answer.kind !== 'found') return notFound(answer);
      try {
        const facts = await this.#hash(answer.object, signal);
        if (await answer.object.unchanged()) return facts;
        if (read === reads) return { kind: 'unavailable', detail: 'it changes while it is read' };
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof SourceReadError)) throw error;
        // Cut short, or another one by now: from the start.
        if (error.code === 'CHANGED' && read < reads) continue;
        return { kind: error.code === 'EIO' ? 'damaged' : 'unavailable', detail: error.message };
      } finally {
        answer.object.close();
      }
    }
  }

  async #hash(object: SourceObject, signal: AbortSignal): Promise<DiskFacts> {
    const hash = createHash('md5');
    let size = 0;
    for await (const chunk of object.read() as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      hash.update(chunk);
      size += chunk.length;
      this.#options.came(chunk.length);
    }
    return { kind: 'read', size, md5: hash.digest('hex') };
  }
}

function notFound(answer: Exclude<SourceAnswer, { kind: 'found' }>): DiskFacts {
  switch (answer.kind) {
    case 'missing':
      return { kind: 'gone' };
    case 'private':
      return { kind: 'unreadable', detail: 'this user may not read it' };
    case 'damaged':
      return { kind: 'damaged', detail: wordsOf(answer.cause) };
    case 'unavailable': {
      const cause = wordsOf(answer.cause);
      return { kind: 'unavailable', detail: cause === '' ? answer.trouble : `${answer.trouble}: ${cause}` };
    }
  }
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : '';
}
