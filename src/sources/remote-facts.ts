import type { IncomingHttpHeaders } from 'node:http';
import { parseDecimalSeconds } from '../lib/decimal-seconds.ts';

/** What an answer tells of an object. */
export interface RemoteFacts {
  /** Length of the whole object in bytes. */
  readonly size: number;
  /** mtime in nanoseconds since the epoch: rclone's where it is kept, else the server's date. */
  readonly mtimeNs: bigint;
  readonly lastModified: string;
  /** A strong entity tag with its quotes; weak ones say nothing of bytes (RFC 9110 §8.8.1). */
  readonly etag: string | undefined;
}

/** An answer that cannot be used, by a stable code: `STATUS_500`, or how it breaks the agreement. */
export class RemoteAnswerError extends Error {
  override readonly name = 'RemoteAnswerError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The facts of a 200 or 206 answer.
 * @throws RemoteAnswerError ENCODED, NO_LENGTH, NO_DATE, WRONG_RANGE
 */
export function factsIn(status: number, headers: IncomingHttpHeaders): RemoteFacts {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw new RemoteAnswerError(
      'ENCODED',
      'the server sends something else than the file itself: switch its compression off',
    );
  const lastModified = headers['last-modified'] ?? '';
  const date = Date.parse(lastModified);
  if (Number.isNaN(date)) throw new RemoteAnswerError('NO_DATE', 'the server does not tell when the file was changed');
  const kept = headers['x-amz-meta-mtime'];
  const etag = headers.etag;
  return {
    size: status === 206 ? wholeLength(headers['content-range']) : length(headers['content-length']),
    mtimeNs: (typeof kept === 'string' ? parseDecimalSeconds(kept) : undefined) ?? BigInt(date) * 1_000_000n,
    lastModified,
    etag: etag !== undefined && /^"[^"]*"$/.test(etag) ? etag : undefined,
  };
}

/** Whether two answers are of the same version of an object. */
export function sameVersion(a: RemoteFacts, b: RemoteFacts): boolean {
  return a.size === b.size && a.lastModified === b.lastModified && a.etag === b.etag;
}

/** Headers that have the server refuse another version (RFC 9110 §13.1.1, §13.1.4), which the answer is checked for all the same. */
export function onlyThis({ etag, lastModified }: RemoteFacts): Record<string, string> {
  return etag === undefined ? { 'if-unmodified-since': lastModified } : { 'if-match': etag };
}

function length(text: string | undefined): number {
  if (text === undefined || !/^\d{1,15}$/.test(text))
    throw new RemoteAnswerError(
      'NO_LENGTH',
      'the server does not tell how long the file is: nothing would show that it breaks off',
    );
  return Number(text);
}

function wholeLength(contentRange: string | undefined): number {
  const [, whole] = /^bytes \d+-\d+\/(\d{1,15})$/.exec(contentRange ?? '') ?? [];
  if (whole === undefined) throw new RemoteAnswerError('WRONG_RANGE', 'the server does not tell which part it sends');
  return Number(whole);
}

/** An answer that tells nothing of the object. */
export function unexpected(status: number): RemoteAnswerError {
  return new RemoteAnswerError(`STATUS_${status}`, `the server answered ${status}`);
}
