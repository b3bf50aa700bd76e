import { z } from 'zod';
import type { History } from '../history/history.ts';
import { answerError, parsed } from './admin-error.ts';
import { adminGuard } from './admin-guard.ts';
import type { AdminRoutes } from './admin-server.ts';

export interface HistoryRouteOptions {
  readonly history: Pick<History, 'since'>;
  readonly now: () => number;
  readonly failed: (error: unknown) => void;
}

/** What is told where nobody says since when, in milliseconds. */
const usualMs = 24 * 3600_000;
/** A graph has no use for more, and writing them as JSON would keep readers waiting. */
const mostPoints = 1000;

const query = z.strictObject({
  since: z
    .string()
    .regex(/^\d{1,15}$/, { error: 'must be milliseconds since 1970, a whole number' })
    .transform(Number)
    .optional(),
  points: z
    .string()
    .regex(/^([1-9]\d{0,2}|1000)$/, { error: `must be a whole number from 1 to ${mostPoints}` })
    .prefault('500')
    .transform(Number),
});

/** `GET /api/history`: how the move went, for graphs. Numbers and names of sources, nothing that names a key. */
export function historyRoute({ history, now, failed }: HistoryRouteOptions): AdminRoutes {
  const guard = adminGuard(undefined);
  return (app) => {
    app.register(async (scope) => {
      scope.setErrorHandler(answerError(failed));
      scope.get('/api/history', async (request) => {
        guard.sameOrigin(request);
        const { since, points } = parsed(
          query,
          request.query,
          `send since=MILLISECONDS and points=1…${mostPoints}, or leave them out`,
        );
        return { samples: await history.since(since ?? now() - usualMs, points) };
      });
    });
  };
}
