import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import { refusalHeaders } from './answer-headers.ts';
import { cacheStatus } from './cache-status.ts';

/** How long a client should wait before it asks again for what no tier could deliver, in seconds. */
const retryAfterSeconds = 5;

/** Answers with an error that no cache keeps. The body is a line for people. */
export function sendRefusal(
  reply: FastifyReply,
  cors: string,
  status: number,
  headers: Record<string, string> = {},
): void {
  const retry = status === 503 ? { 'retry-after': String(retryAfterSeconds) } : {};
  reply
    .code(status)
    .headers({
      ...refusalHeaders(cors),
      'cache-status': cacheStatus({ tier: 'none' }),
      'content-type': 'text/plain; charset=utf-8',
      ...retry,
      ...headers,
    })
    .send(`${status} ${STATUS_CODES[status] ?? ''}\n`);
}
