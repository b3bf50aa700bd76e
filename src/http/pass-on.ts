import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';

/** `down`: no connection, or none any more. `late`: it neither takes nor says anything. `silent`: the client stopped in its body. */
export type PassingTrouble = 'down' | 'late' | 'silent';

export interface Passing {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Begun, with nothing of its body sent. */
  readonly out: ClientRequest;
  readonly hasBody: boolean;
  /** The client sends its body when it is told to (RFC 9110 §10.1.1). */
  readonly waiting: boolean;
  /** Told of every piece of the body, in bytes. */
  readonly sent: (bytes: number) => void;
  /** The longest silence before the answer, in milliseconds. */
  readonly answerWithinMs: number;
  readonly answered: (answer: IncomingMessage, body: { asked: boolean }) => void;
  /** Told once, and in place of `answered`. The request to the upstream is gone by then. */
  readonly failed: (trouble: PassingTrouble, body: { asked: boolean }) => void;
}

/**
 * Sends a request on, its body as it comes, until there is an answer. A client that leaves ends it. Returns a function that takes it over:
 * nothing is told any more, and true says that nothing was before.
 */
export function passOn(passing: Passing): () => boolean {
  const { request, response, out, hasBody, answerWithinMs } = passing;
  let asked = !passing.waiting;
  let settled = false;
  const settle = (): boolean => {
    if (settled) return false;
    settled = true;
    clearTimeout(timer);
    return true;
  };
  const fail = (trouble: PassingTrouble) => {
    if (!settle()) return;
    request.unpipe(out);
    out.destroy();
    passing.failed(trouble, { asked });
  };
  // While Mastodon thinks, nothing moves on the client's connection, and it is not the client's fault.
  request.setTimeout(0);
  const timer = setTimeout(() => fail(clientIsSilent() ? 'silent' : 'late'), answerWithinMs);
  const clientIsSilent = () => hasBody && asked && !request.readableEnded && !out.writableNeedDrain;

  out.on('error', () => fail('down'));
  out.once('close', () => fail('down'));
  out.on('continue', () => {
    if (settled || asked) return;
    asked = true;
    response.writeContinue();
  });
  out.on('response', (answer: IncomingMessage) => {
    if (settle()) passing.answered(answer, { asked });
    else answer.destroy();
  });
  response.once('close', () => {
    if (response.writableFinished) return;
    settle();
    out.destroy();
  });
  if (!hasBody) {
    out.end();
    return settle;
  }
  // The head goes ahead of the body. Not by `flushHeaders`: that makes two bytes of each that is not ASCII.
  out.write('', 'latin1');
  request.on('data', (chunk: Buffer) => {
    asked = true;
    passing.sent(chunk.length);
    if (!settled) timer.refresh();
  });
  // Not a pipeline: that would break the client's connection when an upstream that has answered takes no more.
  request.pipe(out);
  return settle;
}
