import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request as send } from 'node:http';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { amzDate, signInHeader } from './sigv4.ts';
import { type ClientKey, clientBucket, clientRegion } from './write-world.ts';

/** The same bytes again and again: a client that keeps nothing. */
const piece = Buffer.from(Array.from({ length: 1024 * 1024 }, (_, n) => (n * n * 31) % 251));

export interface LargeUpload {
  readonly port: number;
  readonly key: string;
  /** Whole pieces of 1 MiB. */
  readonly pieces: number;
  readonly by: ClientKey;
  /** Sign the SHA-256 of the body; otherwise UNSIGNED-PAYLOAD, as behind a proxy that speaks TLS. */
  readonly hashed: boolean;
}

export const pieceBytes = piece.length;

/** PutObject through the write host, one request. Resolves with the answer's status and text. */
export async function uploadLarge({
  port,
  key,
  pieces,
  by,
  hashed,
}: LargeUpload): Promise<{ status: number; text: string }> {
  const date = amzDate(new Date());
  const head = signInHeader(
    {
      method: 'PUT',
      path: `/${clientBucket}/${key}`,
      query: '',
      headers: [
        ['Host', `127.0.0.1:${port}`],
        ['X-Amz-Date', date],
        ['X-Amz-Content-Sha256', hashed ? digestOf('sha256', pieces).digest('hex') : 'UNSIGNED-PAYLOAD'],
        ['Content-Length', String(pieces * piece.length)],
      ],
      body: Buffer.alloc(0),
    },
    { ...by, region: clientRegion, date },
  );
  const upload = send({ host: '127.0.0.1', port, method: 'PUT', path: head.path, headers: head.headers.flat() });
  const answered = once(upload, 'response');
  for (let n = 0; n < pieces && !upload.destroyed; n++) {
    if (!upload.write(piece)) await Promise.race([once(upload, 'drain'), answered]);
    else await turn();
  }
  upload.end();
  const [answer] = (await answered) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, text: await text(answer) };
}

/** Of a body of so many pieces. */
export function digestOf(algorithm: 'md5' | 'sha256', pieces: number): Hash {
  const hash = createHash(algorithm);
  for (let n = 0; n < pieces; n++) hash.update(piece);
  return hash;
}
