import { evaluate } from '../http/conditional.ts';
import { formatHttpDate } from '../http/http-date.ts';
import { contentRange, parseRange } from '../http/range.ts';
import { rangeLength } from '../lib/byte-range.ts';
import type { Found } from '../media/read-through.ts';
import type { Reply } from './call.ts';
import { RelayedError } from './relayed-error.ts';
import { S3Error } from './s3-error.ts';

interface Asked {
  readonly head: boolean;
  /** `range` and the conditions. */
  readonly headers: Readonly<Record<string, string>>;
  readonly overrides: Readonly<Record<string, string>>;
}

/** What only a source has, as S3 would answer it (S3 API reference, "GetObject"). Lets go of the body once it is sent. */
export async function belowReply({ body }: Found, { head, headers, overrides }: Asked): Promise<Reply> {
  const { meta } = body;
  const shown: Record<string, string> = {
    ...meta.headers,
    ...overrides,
    'last-modified': formatHttpDate(meta.mtimeMs),
    'accept-ranges': 'bytes',
    ...(meta.etag === undefined ? {} : { etag: meta.etag }),
  };
  const outcome = evaluate({ method: head ? 'HEAD' : 'GET', headers, meta });
  if (outcome.status !== 'go') {
    body.release();
    if (outcome.status === 304) return { status: 304, headers: shown };
    throw new S3Error('PreconditionFailed', 'A condition of the request is not met.');
  }
  // S3 takes ranges of a HEAD too, though HTTP has none there (RFC 9110 §14.2).
  const useRange = outcome.useRange || (head && headers['if-range'] === undefined);
  const asked = useRange ? parseRange(headers.range, meta.size) : { kind: 'whole' as const };
  if (asked.kind === 'unsatisfiable') {
    body.release();
    throw new RelayedError('InvalidRange', 416, 'The requested range is not satisfiable.');
  }
  const range = asked.kind === 'one' ? asked.range : undefined;
  const length = range ? rangeLength(range) : meta.size;
  const status = range ? 206 : 200;
  const told = {
    ...shown,
    'content-length': String(length),
    ...(range ? { 'content-range': contentRange(range, meta.size) } : {}),
  };
  if (head || length === 0) {
    body.release();
    return { status, headers: told };
  }
  try {
    const stream = await body.open(range);
    stream.once('close', () => body.release());
    return { status, headers: told, body: stream };
  } catch (error) {
    body.release();
    throw error;
  }
}
