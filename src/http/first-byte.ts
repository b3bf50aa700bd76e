import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

/**
 * Waits until there is something to send, so that a read that fails at once is an honest 503 and not a broken 200. Rejects with the
 * stream's error. When the reader leaves first, the stream is destroyed.
 */
export function firstByte(stream: Readable, response: ServerResponse): Promise<Readable> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      stream.off('readable', ready);
      stream.off('error', failed);
      response.off('close', left);
      act();
    };
    const ready = () => settle(() => resolve(stream));
    const failed = (error: Error) => settle(() => reject(error));
    const left = () =>
      settle(() => {
        stream.destroy();
        reject(new Error('the reader left'));
      });
    stream.once('readable', ready);
    stream.once('error', failed);
    response.once('close', left);
    if (response.destroyed) left();
  });
}
