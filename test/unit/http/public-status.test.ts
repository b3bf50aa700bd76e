import { fastify } from 'fastify';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { AccessRecord } from '../../../src/http/access-log.ts';
import { PublicStatus } from '../../../src/http/public-status.ts';
import { evening, madeUpFacts } from '../../support/made-up-page.ts';

/** A listener that has nothing but the public page, and says 404 to what that leaves. */
function listener() {
  const clock = { nowMs: evening };
  const facts = vi.fn(async () => madeUpFacts());
  const failed = vi.fn();
  const records: Partial<AccessRecord>[] = [];
  const page = new PublicStatus({
    ...{ facts, failed, style: Buffer.from('p { margin: 0 }'), now: () => clock.nowMs },
    routes: [{ host: 'files.test', prefix: '/' }],
  });
  const app = fastify({ rewriteUrl: () => '/', exposeHeadRoutes: false });
  app.addHook('onRequest', async (request, reply) => {
    const record: Partial<AccessRecord> = {};
    records.push(record);
    if (!(await page.handle(request, reply, record as AccessRecord))) await reply.code(404).send();
    return reply;
  });
  onTestFinished(() => app.close());
  const get = (url: string, host = 'files.test') => app.inject({ url, headers: { host } });
  return { clock, facts, failed, records, get };
}

test('the public page is made once in ten seconds, however many ask', async () => {
  const { clock, facts, get } = listener();
  await Promise.all(Array.from({ length: 100 }, (_, i) => get(`/_upstairs?${i}`)));
  expect(facts).toHaveBeenCalledTimes(1);
  clock.nowMs += 9_999;
  await get('/_upstairs');
  expect(facts).toHaveBeenCalledTimes(1);
  clock.nowMs += 1;
  expect((await get('/_upstairs')).headers['cache-control']).toBe('public, max-age=10');
  expect(facts).toHaveBeenCalledTimes(2);
});

test('what cannot be told is no page that a cache would keep, and is tried and told once in ten seconds', async () => {
  const { clock, facts, failed, get } = listener();
  facts.mockRejectedValueOnce(new Error('secret detail'));
  const answer = await get('/_upstairs');
  expect([answer.statusCode, answer.headers['cache-control']]).toEqual([503, 'no-store']);
  expect(answer.body).not.toContain('secret');
  await Promise.all(Array.from({ length: 20 }, () => get('/_upstairs')));
  expect([facts.mock.calls.length, failed.mock.calls.length]).toEqual([1, 1]);
  clock.nowMs += 10_000;
  expect((await get('/_upstairs')).statusCode).toBe(200);
});

test('its style is kept for ever, under a name that changes with it, and its own host alone has both', async () => {
  const { get, records } = listener();
  const [, style = ''] = /href="(\/_upstairs\/[0-9a-f]{16}\.css)"/.exec((await get('/_upstairs')).body) ?? [];
  const answer = await get(style);
  expect([answer.statusCode, answer.headers['cache-control'], answer.body]).toEqual([
    ...[200, 'public, max-age=31536000, immutable', 'p { margin: 0 }'],
  ]);
  expect(records.map(({ why }) => why)).toEqual(['public-status', 'public-status']);
  for (const [path, host] of [
    ...[
      ['/_upstairs', 'evil.test'],
      [style, 'evil.test'],
      ['/_upstairs/', 'files.test'],
      ['/_upstairs/identity', 'files.test'],
    ],
  ] as const)
    expect((await get(path ?? '', host)).statusCode).toBe(404);
});
