import { expect, onTestFinished, test } from 'vitest';
import type { History } from '../../../src/history/history.ts';
import { createAdminServer } from '../../../src/http/admin-server.ts';
import { historyRoute } from '../../../src/http/history-route.ts';
import { sampleAt } from '../../support/samples-of-history.ts';

const nowMs = Date.UTC(2026, 0);

/** The route over a history that has one sample, what it asked, and what was told of errors. */
function route(since?: History['since']) {
  const asked: unknown[] = [];
  const failures: unknown[] = [];
  const app = createAdminServer({
    metrics: { contentType: 'text/plain', metrics: async () => '' },
    notReady: () => [],
    routes: [
      historyRoute({
        history: {
          since:
            since ??
            (async (...question) => {
              asked.push(question);
              return [sampleAt(nowMs, { above: { files: 1, bytes: 2 } })];
            }),
        },
        now: () => nowMs,
        failed: (error) => void failures.push((error as Error).message),
      }),
    ],
  });
  onTestFinished(() => app.close());
  const get = async (query: string, headers: Record<string, string> = {}) => {
    const answer = await app.inject({ method: 'GET', url: `/api/history${query}`, headers });
    return { status: answer.statusCode, body: answer.json() as Record<string, unknown>, headers: answer.headers };
  };
  return { get, asked, failures };
}

test('the samples come as they are, and what is not known is left out', async () => {
  const { get } = route();
  const { status, body, headers } = await get('');
  expect(status).toBe(200);
  expect(headers['cache-control']).toBe('no-store');
  const { below: _, ...known } = sampleAt(nowMs, { above: { files: 1, bytes: 2 } });
  expect(body).toEqual({ samples: [known] });
});

test('since and points are as they are asked for, else the last day in 500', async () => {
  const { get, asked } = route();
  await get('');
  await get('?since=1767139200000&points=1000');
  await get('?points=1&since=0');
  expect(asked).toEqual([
    [nowMs - 86_400_000, 500],
    [1767139200000, 1000],
    [0, 1],
  ]);
});

test.each([
  ['?points=0', 'points: must be a whole number from 1 to 1000'],
  ['?points=1001', 'points: must be a whole number from 1 to 1000'],
  ['?points=1e2', 'points: must be a whole number from 1 to 1000'],
  ['?points=', 'points: must be a whole number from 1 to 1000'],
  ['?since=yesterday', 'since: must be milliseconds since 1970, a whole number'],
  ['?since=-1', 'since: must be milliseconds since 1970, a whole number'],
  ['?since=9999999999999999999999', 'since: must be milliseconds since 1970, a whole number'],
  ['?since=1&since=2', 'since: Invalid input: expected string, received array'],
  ['?until=5', 'Unrecognized key: "until"'],
])('a question that cannot be read is refused: %s', async (query, message) => {
  const { get, asked } = route();
  const { status, body } = await get(query);
  expect(status).toBe(400);
  const todo = 'send since=MILLISECONDS and points=1…1000, or leave them out';
  expect(body).toEqual({ error: { code: 'BAD_REQUEST', message, todo } });
  expect(asked).toEqual([]);
});

test('a page of another host gets nothing, and an error of ours is told to the operator alone', async () => {
  const { get } = route();
  expect((await get('', { host: 'admin', origin: 'https://evil.example' })).body).toMatchObject({
    error: { code: 'OTHER_ORIGIN' },
  });
  const broken = route(async () => {
    throw new Error('no such table: secret');
  });
  const { status, body } = await broken.get('');
  expect(status).toBe(500);
  expect(JSON.stringify(body)).not.toContain('secret');
  expect(broken.failures).toEqual(['no such table: secret']);
});
