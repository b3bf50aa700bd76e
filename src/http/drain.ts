import { within } from '../lib/within.ts';

/** How often connections whose answer has ended are closed, in milliseconds. */
const sweepMs = 100;

/** Something that listens; a fastify instance is one. */
export interface Drainable {
  /** Accepts nothing new; resolves when the last connection is gone. */
  close(): PromiseLike<unknown>;
  readonly server: {
    closeIdleConnections(): void;
    closeAllConnections(): void;
  };
}

/** Accepts nothing new, lets answers that are under way end, and cuts them after the deadline. */
export async function drain(app: Drainable, deadlineMs: number): Promise<void> {
  const closed = Promise.resolve(app.close());
  const sweep = setInterval(() => app.server.closeIdleConnections(), sweepMs);
  try {
    if (await within(closed, deadlineMs)) return;
    app.server.closeAllConnections();
    await closed;
  } finally {
    clearInterval(sweep);
  }
}
