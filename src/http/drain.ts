import type { FastifyInstance } from 'fastify';
import { within } from '../lib/within.ts';

/** How often connections whose answer has ended are closed, in milliseconds. */
const sweepMs = 100;

/** Accepts nothing new, lets answers that are under way end, and cuts them after the deadline. */
export async function drain(app: FastifyInstance, deadlineMs: number): Promise<void> {
  const closed = app.close();
  const sweep = setInterval(() => app.server.closeIdleConnections(), sweepMs);
  try {
    if (await within(closed, deadlineMs)) return;
    app.server.closeAllConnections();
    await closed;
  } finally {
    clearInterval(sweep);
  }
}
