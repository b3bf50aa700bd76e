import type { History } from '../history/history.ts';
import type { AdminRoutes } from '../http/admin-server.ts';
import { pageRoutes } from '../http/page-routes.ts';
import { PublicStatus } from '../http/public-status.ts';
import { loadAssets } from '../page/assets.ts';
import { PageLooks } from '../page/page-looks.ts';
import type { HottestBelow } from '../status/hottest-below.ts';
import type { Status } from '../status/status.ts';
import type { Context } from './context.ts';
import type { Control } from './wire-control.ts';

interface PageParts {
  readonly status: () => Promise<Status>;
  readonly control: Pick<Control, 'facts' | 'failures'>;
  readonly history: Pick<History, 'since'>;
  readonly hottest: HottestBelow;
}

export interface Pages {
  /** For the admin listener. */
  readonly routes: AdminRoutes;
  /** For the read host; undefined: it shows none. */
  readonly public: PublicStatus | undefined;
}

/** The status pages: the operator's, and everybody's. */
export function wirePage({ config, report, now }: Context, parts: PageParts): Pages {
  const { status, control, history, hottest } = parts;
  const failed = report.rest.notAnswered;
  const looks = new PageLooks({ status, backfill: control.facts, failures: control.failures, history, now, failed });
  const assets = loadAssets();
  return {
    routes: pageRoutes({ looks, hottest, assets, token: config.admin.token, now, failed }),
    public: config.read.publicStatus
      ? new PublicStatus({
          facts: async () => ({ status: await status(), backfill: await control.facts() }),
          style: assets.style,
          routes: config.read.routes,
          now,
          failed,
        })
      : undefined,
  };
}
