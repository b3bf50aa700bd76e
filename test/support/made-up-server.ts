import type { AddressInfo } from 'node:net';
import type { BackfillFacts } from '../../src/backfill/facts.ts';
import { parseLimits } from '../../src/config/timetable-schema.ts';
import { adminApi } from '../../src/http/admin-api.ts';
import { createAdminServer } from '../../src/http/admin-server.ts';
import { pageRoutes } from '../../src/http/page-routes.ts';
import type { Failure } from '../../src/ledger/failures.ts';
import { loadAssets } from '../../src/page/assets.ts';
import type { PageFacts } from '../../src/page/page-facts.ts';
import { PageLooks } from '../../src/page/page-looks.ts';
import { evening, madeUpFacts, madeUpSamples } from './made-up-page.ts';

/** What guards the keys of a made-up move. */
export const madeUpToken = 'a-token-of-sixteen';

/** Names that want to be more than names. */
export const hostileKeys = [
  'media_attachments/files/1/<img src=x onerror=alert(1)>.png',
  'media_attachments/files/2/"><script>alert(2)</script>.png',
  "media_attachments/files/3/'`&lt;b&gt;.png",
  'media_attachments/files/4/\u202Egnp.exe',
];

interface Change {
  readonly facts?: () => PageFacts;
  readonly token?: string | undefined;
}

/** The admin listener with its page, over a move that is made up. */
export async function madeUpServer({ facts = () => madeUpFacts(), ...change }: Change = {}) {
  const token = 'token' in change ? change.token : madeUpToken;
  let run: BackfillFacts['run'] = facts().backfill.run;
  const turn = async (to: BackfillFacts['run']) => {
    run = to;
  };
  const retried: unknown[] = [];
  const failed: unknown[] = [];
  const backfill = async (): Promise<BackfillFacts> => ({ ...facts().backfill, run });
  const failures = {
    page: async () => hostileKeys.map(failureOf),
    counts: async () => facts().failures ?? [],
    retry: async (which: unknown) => retried.push(which),
    close: async () => undefined,
  };
  // It is evening, and it goes on.
  const beganMs = Date.now();
  const now = () => evening + Date.now() - beganMs;
  const looks = new PageLooks({
    ...{ status: async () => facts().status, backfill, failures, now },
    history: { since: async (ms, atMost) => madeUpSamples(evening - ms, atMost) },
    failed: (error) => failed.push(error),
  });
  const app = createAdminServer({
    metrics: { contentType: 'text/plain', metrics: async () => '' },
    notReady: () => [],
    routes: [
      adminApi({
        ...{ token, facts: backfill, failures, parseLimits, now },
        orders: {
          start: () => turn('running'),
          pause: () => turn('paused'),
          resume: () => turn('running'),
          limit: async () => undefined,
        },
        recopy: async () => ({ kind: 'wanted' }),
        did: () => undefined,
        failed: (error) => failed.push(error),
      }),
      pageRoutes({
        ...{ looks, token, assets: loadAssets(), now: Date.now, failed: (error) => failed.push(error) },
        hottest: {
          hottest: async (atMost) =>
            hostileKeys.slice(0, atMost).map((key) => ({ key, source: 'basement', bytes: 181_234, heat: 12.25 })),
        },
      }),
    ],
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return { app, url, retried, failed, close: () => app.close() };
}

function failureOf(key: string): Failure {
  return {
    ...{
      key,
      state: 'given-up',
      reason: 'damaged',
      detail: 'EIO at byte 131072 of 900000',
      tries: 11,
      sinceMs: evening,
    },
    ...{ file: { source: 'basement', size: 900_000, mtime: '1614834367.123' }, nextTryMs: undefined },
  };
}
