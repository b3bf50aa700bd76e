import type { Dispatcher } from 'undici';
import { SourceReadError } from './source.ts';

const smallBytes = 64 * 1024;
/** How long what is small may take to come once it began, in milliseconds: what drips must not hold its place. */
const smallMs = 3000;

/** Takes nothing more of an answer: a small rest is read, so that its connection can be used again; a larger or a slow one is cut off. */
export function discard({ headers, body }: Dispatcher.ResponseData): void {
  if (Number(headers['content-length'] ?? 0) > smallBytes) {
    body.destroy();
    return;
  }
  const timer = setTimeout(() => body.destroy(), smallMs).unref();
  body.once('close', () => clearTimeout(timer));
  // How the rest of what nobody wants breaks off matters to nobody.
  body.dump({ limit: smallBytes }).catch(() => undefined);
}

/**
 * The text of a small answer; what of a longer one is left over is cut off. Throws what breaks it, and `SourceReadError` TIMEOUT for one that
 * does not come to its end.
 */
export async function smallText({ body }: Dispatcher.ResponseData): Promise<string> {
  const timer = setTimeout(
    () => body.destroy(new SourceReadError('TIMEOUT', `a small answer was not whole within ${smallMs} ms`)),
    smallMs,
  );
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > smallBytes) break;
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(pieces).toString();
}
