import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Assets } from '../page/assets.ts';
import type { GraphData } from '../page/graph-data.ts';
import { type GraphSpan, graphSpan, graphSpans } from '../page/graph-span.ts';
import { LiveFeed } from '../page/live-feed.ts';
import { pageHtml } from '../page/page-html.ts';
import type { PageLooks } from '../page/page-looks.ts';
import { pageView } from '../page/page-view.ts';
import { troubleHtml } from '../page/trouble-html.ts';
import type { HottestBelow } from '../status/hottest-below.ts';
import { AdminError, answerError, parsed } from './admin-error.ts';
import { adminGuard } from './admin-guard.ts';
import type { AdminRoutes } from './admin-server.ts';
import { EventStream } from './event-stream.ts';
import { operatorPolicy, pageHeaders } from './page-headers.ts';

export interface PageRoutesOptions {
  readonly looks: Pick<PageLooks, 'facts' | 'graphs'>;
  readonly hottest: HottestBelow;
  readonly assets: Assets;
  /** `admin.token`; undefined: nobody may see keys. */
  readonly token: string | undefined;
  readonly now: () => number;
  readonly failed: (error: unknown) => void;
}

/** Pages that may be open at once. */
const mostPages = 50;
/** In milliseconds. */
const everyMs = 1000;
const beatMs = 15_000;
/** When a page that found no place may ask again, in seconds. */
const retryAfterSeconds = 30;

const hottestQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^([1-9]\d?|100)$/, { error: 'must be a whole number from 1 to 100' })
    .prefault('20')
    .transform(Number),
});

/** The operator's page, what keeps it true, and what its lists need beside `/api/failures`. */
export function pageRoutes(options: PageRoutesOptions): AdminRoutes {
  const { looks, hottest, assets, token, now, failed } = options;
  const headers = pageHeaders(operatorPolicy);
  const update = async () => pageView(await looks.facts());
  const feed = new LiveFeed({
    look: async () => JSON.stringify(await update()),
    everyMs,
    beatMs,
    most: mostPages,
    now,
    failed,
  });
  return (app) => {
    app.register(async (scope) => {
      const guard = adminGuard(token);
      scope.setErrorHandler(answerError(failed));
      scope.addHook('onRequest', async (request, reply) => {
        reply.headers(headers);
        guard.sameOrigin(request);
      });
      // Before anything waits for the connections to end.
      scope.addHook('preClose', async () => feed.stop());

      const look = async (span: GraphSpan | undefined) => ({
        graphs: await graphsFor(looks, span),
        facts: await looks.facts(),
      });
      scope.get('/', async (request, reply) => {
        const seen = await look(spanOf(request)).catch((error: unknown) => {
          failed(error);
          return undefined;
        });
        const page = seen
          ? pageHtml({
              ...{ update: pageView(seen.facts), graphs: seen.graphs, mayOrder: token !== undefined },
              ...{ asset: assets.path, scripts: assets.scripts, styles: assets.styles },
              sources: seen.facts.status.sources.map(({ name }) => name),
            })
          : troubleHtml(now(), assets.styles.map(assets.path));
        return await reply
          .code(seen ? 200 : 500)
          .type('text/html; charset=utf-8')
          .send(page);
      });
      scope.get('/graphs', async (request) => {
        const span = spanOf(request);
        if (span) return await looks.graphs(span);
        throw new AdminError('BAD_REQUEST', 'span: it is none', 'send 1h, 24h or 7d');
      });
      scope.get('/events', { exposeHeadRoute: false }, (_request, reply) =>
        watch(feed, reply, { ...headers, 'cache-control': 'no-store' }, now),
      );
      scope.get('/api/hottest', async (request) => {
        guard.token(request);
        const { limit } = parsed(hottestQuery, request.query, 'send limit=1…100, or leave it out');
        return { keys: await hottest.hottest(limit) };
      });
      for (const [path, { type, bytes }] of assets.byPath)
        scope.get(path, async (_request, reply) =>
          reply.header('cache-control', 'public, max-age=31536000, immutable').type(type).send(bytes),
        );
    });
  };
}

/** Of the first hour nothing would be seen in a day. */
async function graphsFor(looks: Pick<PageLooks, 'graphs'>, span: GraphSpan | undefined): Promise<GraphData> {
  if (span) return await looks.graphs(span);
  const day = await looks.graphs('24h');
  const isYoung = (day.times[0] ?? day.to) > day.to - graphSpans['1h'].ms / 1000;
  return isYoung ? await looks.graphs('1h') : day;
}

function spanOf({ query }: FastifyRequest) {
  return graphSpan((query as { span?: unknown }).span);
}

/** The connection stays open: it ends with the page, or with the program. */
function watch(feed: LiveFeed, reply: FastifyReply, headers: Record<string, string>, now: () => number): void {
  if (!feed.hasRoom) {
    reply.header('retry-after', String(retryAfterSeconds));
    throw new AdminError('TOO_MANY_PAGES', `${mostPages} pages are open already`, 'close some of them');
  }
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
  const leave = feed.join(new EventStream(raw, now));
  if (leave) raw.once('close', leave);
  else raw.end();
}
