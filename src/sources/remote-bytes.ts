import type { Readable } from 'node:stream';
import { pulled } from '../lib/pulled.ts';
import { RemoteAnswerError } from './remote-facts.ts';
import { SourceReadError } from './source.ts';

/** Bytes kept ready for the reader. */
const highWaterMark = 256 * 1024;

export interface RemoteBytes {
  /** The source's name. */
  readonly source: string;
  /** How many bytes there must be. */
  readonly size: number;
  /** Where they come from: an answer that is here, or one that is asked for with the first read. */
  readonly from: Readable | ((left: AbortSignal) => Promise<Readable>);
  /** `from` brings more than these, which is cut off; else more is an error. */
  readonly beginning?: boolean;
  /** Told when every byte has come. */
  readonly whole?: () => void;
}

/** Exactly `size` bytes of a body, or an error instead of an end. The body is cut off when the stream is destroyed, whether it was read or not. */
export function remoteBytes({ source, size, from, beginning = false, whole }: RemoteBytes): Readable {
  const left = new AbortController();
  let body = typeof from === 'function' ? undefined : from;
  let chunks: AsyncIterator<Buffer> | undefined;
  let seen = 0;
  const begin = async (): Promise<AsyncIterator<Buffer>> => {
    body = typeof from === 'function' ? await from(left.signal) : from;
    if (left.signal.aborted) body.destroy();
    chunks = body[Symbol.asyncIterator]();
    return chunks;
  };
  const next = async (): Promise<Buffer | null> => {
    if (beginning && seen === size) return null;
    try {
      const { done, value } = await (chunks ?? (await begin())).next();
      const chunk = beginning ? value?.subarray(0, size - seen) : value;
      seen += done ? 0 : chunk.length;
      if (seen > size || (done && seen < size))
        throw new SourceReadError('BROKEN', `${source}: ${seen} of the announced ${size} bytes`);
      if (!done) return chunk;
      whole?.();
      return null;
    } catch (error) {
      throw readError(source, error);
    }
  };
  const closed = () => {
    left.abort();
    body?.destroy();
  };
  return pulled(next, closed, highWaterMark);
}

/** What broke a read, by the codes of `SourceReadError`. */
export function readError(source: string, error: unknown): SourceReadError {
  if (error instanceof SourceReadError) return error;
  const { code = 'unknown error' } = error as { code?: string };
  const say = error instanceof RemoteAnswerError ? error.message : code;
  return new SourceReadError(isTimeout(error) ? 'TIMEOUT' : 'BROKEN', `${source}: ${say}`, { cause: error });
}

/** By the codes of undici and of Node's sockets. */
export function isTimeout(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code !== undefined && timeouts.has(code);
}

const timeouts = new Set([
  'TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);
