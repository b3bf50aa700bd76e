import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { DrainOrders } from '../backfill/drain-orders.ts';
import type { BackfillFacts } from '../backfill/facts.ts';
import type { Limits } from '../backfill/limits.ts';
import type { RecopyAnswer } from '../backfill/recopy.ts';
import { copyReasons, isCopyReason } from '../ledger/copy-reasons.ts';
import type { FailureCursor, Failures } from '../ledger/failures.ts';
import { keyProblem } from '../media/key.ts';
import { AdminError, answerError, parsed } from './admin-error.ts';
import { adminGuard } from './admin-guard.ts';
import type { AdminRoutes } from './admin-server.ts';
import { recopyAnswer } from './recopy-answer.ts';

export interface AdminApiOptions {
  /** `admin.token`; undefined: nobody may give orders. */
  readonly token: string | undefined;
  readonly orders: Pick<DrainOrders, 'start' | 'pause' | 'resume' | 'limit'>;
  readonly facts: () => Promise<BackfillFacts>;
  readonly failures: Failures;
  readonly recopy: (key: string) => Promise<RecopyAnswer>;
  /** A limit as it is written in the configuration; undefined: the text is none. */
  readonly parseLimits: (text: string) => Limits | undefined;
  readonly now: () => number;
  /** Told of what was done besides orders. */
  readonly did: (what: 'retry' | 'recopy', facts: { readonly keys: number; readonly key?: string }) => void;
  readonly failed: (error: unknown) => void;
}

const maxBodyBytes = 256 * 1024;

const key = z.string().refine((text) => keyProblem(text) === undefined, { error: 'must be a key' });
const reason = z
  .string({ error: 'must be a reason' })
  .refine(isCopyReason, { error: `must be one of: ${Object.keys(copyReasons).join(', ')}` });
const nothing = z.strictObject({});
const limitsBody = z.strictObject({ limit: z.string({ error: 'must be text' }) });
const retryBody = z
  .strictObject({ reason: reason.optional(), keys: z.array(key).min(1).max(1000).optional() })
  .refine((body) => body.reason === undefined || body.keys === undefined, {
    error: 'reason and keys do not go together',
  });
const recopyBody = z.strictObject({ key });
const pageQuery = z.strictObject({
  after: z.string().max(8192).optional(),
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, { error: 'must be a whole number from 1 to 9999' })
    .prefault('100')
    .transform(Number),
  reason: reason.optional(),
});
const cursor = z.tuple([reason, z.enum(['given-up', 'waiting']), z.string()]);

/**
 * Orders to the backfill, and failures. What names keys is for who has the token: a key is all that guards what only followers were to see.
 * Errors are `{"error": {"code", "message", "todo"}}`.
 */
export function adminApi(options: AdminApiOptions): AdminRoutes {
  const { orders, facts, failures, now } = options;
  return (app) => {
    app.register(async (scope) => {
      const guard = adminGuard(options.token);
      scope.setErrorHandler(answerError(options.failed));
      onlyJson(scope);
      scope.addHook('onRequest', async (request) => {
        guard.sameOrigin(request);
        if (request.method === 'POST') guard.token(request);
        if (request.method === 'POST') guard.json(request);
      });
      const post = (path: string, act: (request: FastifyRequest) => Promise<unknown>) =>
        scope.post(path, { bodyLimit: maxBodyBytes }, act);

      scope.get('/api/backfill', () => facts());
      for (const order of ['start', 'pause', 'resume'] as const)
        post(`/api/backfill/${order}`, async ({ body }) => {
          parsed(nothing, body);
          await orders[order]();
          return await facts();
        });
      post('/api/backfill/limits', async ({ body }) => {
        await orders.limit(limitIn(parsed(limitsBody, body).limit, options.parseLimits));
        return await facts();
      });
      scope.get('/api/failures', async (request) => {
        guard.token(request);
        return await failuresPage(failures, request.query);
      });
      post('/api/failures/retry', async ({ body }) => {
        const { reason, keys } = parsed(retryBody, body);
        const which = keys ? { keys } : reason ? { reason } : 'all';
        const retried = await failures.retry(which, now());
        options.did('retry', { keys: retried });
        return { retried };
      });
      post('/api/recopy', async ({ body }) => {
        const { key } = parsed(recopyBody, body);
        const answer = recopyAnswer(await options.recopy(key));
        options.did('recopy', { keys: 1, key });
        return answer;
      });
    });
  };
}

/** No other form is read here. */
function onlyJson(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, scope.getDefaultJsonParser('error', 'error'));
}

/** `none`: no limit, whatever the timetable says; `auto`: the timetable decides. */
function limitIn(text: string, parseLimits: AdminApiOptions['parseLimits']): Limits | undefined {
  if (text === 'auto') return undefined;
  const limits = parseLimits(text === 'none' ? 'full' : text);
  if (limits) return limits;
  throw new AdminError(
    'BAD_REQUEST',
    'limit: it is no limit',
    'send 5MiB/s, 50/s, "5MiB/s, 50/s", none, or auto (the timetable decides)',
  );
}

async function failuresPage(failures: Failures, query: unknown) {
  const { after, limit, reason } = parsed(pageQuery, query);
  const page = await failures.page(after === undefined ? undefined : placeIn(after), limit, reason);
  const last = page.length === limit ? page.at(-1) : undefined;
  return {
    // Each failure is looked at for them: once, not with every page.
    ...(after === undefined && { counts: await failures.counts() }),
    failures: page,
    ...(last && { next: JSON.stringify([last.reason, last.state, last.key]) }),
  };
}

/** What `next` of the page before was. */
function placeIn(text: string): FailureCursor {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AdminError(
      'BAD_REQUEST',
      'after: it is not what a page had as next',
      'send next as it came, percent-encoded',
    );
  }
  const [reason, state, key] = parsed(cursor, value);
  return { reason, state, key };
}
