import type { Status } from '../status/status.ts';
import type { AdminRoutes } from './admin-server.ts';

/** `GET /api/status`: how far the move is, as `upstairs status --json` prints it. */
export function statusRoute(status: () => Promise<Status>): AdminRoutes {
  return (app) => {
    app.get('/api/status', async () => await status());
  };
}
