import { connect } from 'node:net';

export interface RawAnswer {
  /** Of the first status line that came back; undefined when the connection ended without one. */
  readonly status: number | undefined;
  /** Every byte that came back. */
  readonly raw: Buffer;
}

/**
 * Sends bytes to 127.0.0.1 as they are, which no HTTP client would, and collects the answer until the server closes.
 *
 * Ask for `Connection: close`. A connection that is still open after `timeoutMs` is cut: with an answer that is the
 * answer, without one it is an error, so that a server that hangs is never mistaken for one that refuses.
 *
 * `thenEnd`: says after the bytes that no more will come, which truncates a request whose length was announced.
 */
export function sendRaw(
  port: number,
  bytes: string | Buffer,
  { timeoutMs = 5000, thenEnd = false } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const answer = (): RawAnswer => {
      const raw = Buffer.concat(chunks);
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(raw.toString('latin1'))?.[1];
      return { status: status === undefined ? undefined : Number(status), raw };
    };
    const socket = connect(port, '127.0.0.1');
    const deadline = setTimeout(() => {
      socket.destroy();
      const late = answer();
      if (late.status !== undefined) resolve(late);
      else reject(new Error(`no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    let refused: NodeJS.ErrnoException | undefined;
    socket.on('connect', () => {
      socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
      if (thenEnd) socket.end();
    });
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A server may reset a connection whose request it has not read to the end; what it answered before still counts.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') refused = error;
    });
    socket.on('close', () => {
      clearTimeout(deadline);
      if (refused !== undefined) reject(refused);
      else resolve(answer());
    });
  });
}
