import type { FastifyReply, FastifyRequest } from 'fastify';
import { Http2Response } from './http2-response.ts';

/** One request, as the log and the metrics see it. */
export interface AccessRecord {
  readonly method: string;
  /** The key, once it is known. */
  key: string | undefined;
  /** The tier that answered; `none` when none did. */
  tier: string;
  status: number;
  /** Body bytes: those of the whole answer, or an estimate when the client left. */
  bytes: number;
  /** Why it was refused, or what went wrong. */
  why: string | undefined;
  readonly address: string;
  /** When it came, on `performance.now()`'s clock. */
  readonly beganMs: number;
  /** Milliseconds until the answer was decided, and until it was over. */
  headMs: number | undefined;
  totalMs: number;
  /** The answer was not sent to its end. */
  cut: boolean;
}

/** Fills in one record a request and hands it on when the answer is over, however it ended. */
export class AccessLog {
  readonly #done: (record: AccessRecord) => void;

  constructor(done: (record: AccessRecord) => void) {
    this.#done = done;
  }

  begin(request: FastifyRequest, reply: FastifyReply): AccessRecord {
    const sent = sentBy(request, reply);
    const record: AccessRecord = {
      method: request.method,
      key: undefined,
      tier: 'none',
      status: 0,
      bytes: 0,
      why: undefined,
      address: request.ip,
      beganMs: performance.now(),
      headMs: undefined,
      totalMs: 0,
      cut: false,
    };
    reply.raw.once('close', () => {
      record.totalMs = performance.now() - record.beganMs;
      record.status = reply.raw.statusCode;
      record.cut = !reply.raw.writableFinished;
      if (record.cut) record.bytes = Math.min(record.bytes, Math.max(0, sent()));
      this.#done(record);
    });
    return record;
  }
}

/** Bytes that have gone out for an answer, about. */
function sentBy(request: FastifyRequest, reply: FastifyReply): () => number {
  const raw: unknown = reply.raw;
  if (raw instanceof Http2Response) return () => raw.bytesTaken;
  const { socket } = request.raw;
  const before = socket.bytesWritten;
  return () => socket.bytesWritten - before;
}
