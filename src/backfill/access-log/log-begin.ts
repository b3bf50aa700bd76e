import { hash } from 'node:crypto';
import type { LogRead } from '../../ledger/heat.ts';
import { rejoined } from './rejoined.ts';

/** By so much of its beginning a log is known again: some twenty lines. */
const mostHeadBytes = 4096;

/** What a log begins with. */
export interface LogHead {
  readonly headBytes: number;
  readonly headHash: string;
  /** The earlier reading of this log that went furthest, if there was one. */
  readonly known: LogRead | undefined;
  /** All of it, from its first byte on. */
  readonly chunks: AsyncGenerator<Buffer>;
}

/** Reads as much of a log as tells it from others. Whoever takes `chunks` to its end, or returns it, lets go of the log. */
export async function beginLog(log: AsyncIterable<Buffer>, readBefore: readonly LogRead[]): Promise<LogHead> {
  const chunks = log[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < mostHeadBytes) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const bytes = Math.min(head.length, mostHeadBytes);
  const hashes = new Map<number, string>();
  const hashOf = (length: number): string => {
    const known = hashes.get(length) ?? hash('sha256', head.subarray(0, length));
    hashes.set(length, known);
    return known;
  };
  const known = readBefore
    .filter(({ headBytes, headHash }) => headBytes <= bytes && headHash === hashOf(headBytes))
    .reduce<LogRead | undefined>((most, read) => (most && most.takenBytes >= read.takenBytes ? most : read), undefined);
  return { headBytes: bytes, headHash: hashOf(bytes), known, chunks: rejoined(head, chunks) };
}
