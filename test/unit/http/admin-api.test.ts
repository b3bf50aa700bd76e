import type { InjectOptions } from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { BackfillFacts } from '../../../src/backfill/facts.ts';
import type { Limits } from '../../../src/backfill/limits.ts';
import type { RecopyAnswer } from '../../../src/backfill/recopy.ts';
import { parseLimits } from '../../../src/config/timetable-schema.ts';
import { type AdminApiOptions, adminApi } from '../../../src/http/admin-api.ts';
import { createAdminServer } from '../../../src/http/admin-server.ts';
import type { Failure } from '../../../src/ledger/failures.ts';

const token = 'a-token-of-sixteen';
const facts: BackfillFacts = {
  ...{ run: 'paused', by: 'configuration', why: 'backfill.enabled is false', limits: {}, limitsBy: 'none' },
  ...{ timetableChangesMs: undefined, drain: undefined },
};
const failure: Failure = {
  ...{ key: 'a/ü.jpg', state: 'given-up', reason: 'damaged', detail: 'EIO at byte 0 of 9', tries: 0, sinceMs: 1 },
  ...{ file: { source: 'basement', size: 9, mtime: '1.5' }, nextTryMs: undefined },
};

/** The admin listener with an API over nothing, and what it did. */
function api(change: Partial<AdminApiOptions> = {}) {
  const did: unknown[] = [];
  const app = createAdminServer({
    metrics: { contentType: 'text/plain', metrics: async () => '' },
    notReady: () => [],
    routes: [
      adminApi({
        token,
        orders: {
          start: async () => void did.push('start'),
          pause: async () => void did.push('pause'),
          resume: async () => void did.push('resume'),
          limit: async (limits: Limits | undefined) => void did.push(['limit', limits]),
        },
        facts: async () => facts,
        failures: {
          page: async (...asked) => {
            did.push(['page', ...asked]);
            return [failure];
          },
          counts: async () => [{ reason: 'damaged', state: 'given-up', keys: 1 }],
          retry: async (which) => {
            did.push(['retry', which]);
            return 3;
          },
          close: async () => undefined,
        },
        recopy: async (key) => {
          did.push(['recopy', key]);
          return { kind: 'wanted' };
        },
        parseLimits,
        now: () => 5000,
        did: () => undefined,
        failed: (error) => did.push(['failed', (error as Error).message]),
        ...change,
      }),
    ],
  });
  onTestFinished(() => app.close());
  const send = async (options: InjectOptions) => {
    const answer = await app.inject(options);
    return { status: answer.statusCode, body: answer.json() as unknown, headers: answer.headers };
  };
  const post = (url: string, body: unknown = {}, headers: Record<string, string> = {}) =>
    send({
      ...{ method: 'POST', url, payload: typeof body === 'string' ? body : JSON.stringify(body) },
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    });
  const get = (url: string, headers: Record<string, string> = { authorization: `Bearer ${token}` }) =>
    send({ method: 'GET', url, headers });
  return { did, send, post, get };
}

const refused = (code: string) => ({ error: { code, message: expect.any(String), todo: expect.any(String) } });
const paths = [
  ['/api/backfill/start', {}],
  ['/api/backfill/pause', {}],
  ['/api/backfill/resume', {}],
  ['/api/backfill/limits', { limit: '5MiB/s' }],
  ['/api/failures/retry', {}],
  ['/api/recopy', { key: 'a.jpg' }],
] as const;

describe('the state of the backfill', () => {
  test('is told to whoever reaches the listener, like metrics', async () => {
    const { get } = api();
    const answer = await get('/api/backfill', {});
    expect([answer.status, answer.body]).toMatchObject([200, { run: 'paused', why: 'backfill.enabled is false' }]);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('is not told to a page of another host', async () => {
    const { get } = api();
    const answer = await get('/api/backfill', { origin: 'https://evil.example' });
    expect([answer.status, answer.body]).toEqual([403, refused('OTHER_ORIGIN')]);
  });
});

describe.each(paths)('POST %s', (path, body) => {
  const nothingDone = async (
    change: Partial<AdminApiOptions>,
    headers: Record<string, string>,
    content: unknown = body,
  ) => {
    const { post, did } = api(change);
    const answer = await post(path, content, headers);
    expect(did).toEqual([]);
    return [answer.status, answer.body];
  };

  test('does what it says for who has the token', async () => {
    const { post, did } = api();
    expect((await post(path, body)).status).toBe(200);
    expect(did).toHaveLength(1);
  });

  test('does nothing where no token is configured, and says what to configure', async () => {
    const [status, answer] = await nothingDone({ token: undefined }, {});
    expect([status, answer]).toEqual([403, refused('TOKEN_NOT_CONFIGURED')]);
    expect(JSON.stringify(answer)).toContain('admin.token');
  });

  test.each([
    ['no token', ''],
    ['another token', 'Bearer another-token-of-16'],
    ['the beginning of the token', `Bearer ${token.slice(0, -1)}`],
    ['the token twice', `Bearer ${token} ${token}`],
    ['the token as a password', `Basic ${Buffer.from(`:${token}`).toString('base64')}`],
  ])('does nothing for who has %s', async (_what, authorization) => {
    expect(await nothingDone({}, { authorization })).toEqual([401, refused('TOKEN_WRONG')]);
  });

  test.each(['https://evil.example', 'null', 'http://localhost:81', 'localhost'])(
    'does nothing for a page of %s, even with the token',
    async (origin) => {
      expect(await nothingDone({}, { origin, host: 'localhost:80' })).toEqual([403, refused('OTHER_ORIGIN')]);
    },
  );

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    '',
  ])('does nothing with a body that is said to be "%s"', async (type) => {
    expect(await nothingDone({}, { 'content-type': type })).toEqual([415, refused('NOT_JSON')]);
  });

  test.each(['', '{', '[]', 'null', '1', '{"more": 1}', '{"__proto__": {"a": 1}}'])(
    'does nothing with the body %j',
    async (content) => {
      expect(await nothingDone({}, {}, content)).toEqual([400, refused('BAD_REQUEST')]);
    },
  );

  test('does nothing with a body that is too large', async () => {
    const large = JSON.stringify({ keys: Array.from({ length: 1000 }, () => 'k'.repeat(1000)) });
    expect(await nothingDone({}, {}, large)).toEqual([413, refused('TOO_LARGE')]);
  });

  test('is no GET', async () => {
    const { send, did } = api();
    const answer = await send({ method: 'GET', url: path, headers: { authorization: `Bearer ${token}` } });
    expect([answer.status, did]).toEqual([404, []]);
  });
});

test('a page of this very listener may send, with the token', async () => {
  const { post } = api();
  const headers = { origin: 'http://localhost:9180', host: 'localhost:9180' };
  expect((await post('/api/backfill/pause', {}, headers)).status).toBe(200);
});

describe('limits', () => {
  test.each([
    ['5MiB/s', { bytesPerSecond: 5 * 2 ** 20 }],
    ['5MiB/s, 50/s', { bytesPerSecond: 5 * 2 ** 20, objectsPerSecond: 50 }],
    ['none', {}],
    ['auto', undefined],
  ])('%s is understood', async (limit, limits) => {
    const { post, did } = api();
    expect((await post('/api/backfill/limits', { limit })).body).toMatchObject({ run: 'paused' });
    expect(did).toEqual([['limit', limits]]);
  });

  test.each(['off', 'fast', '', 5, null, ['5/s']])('%j is none', async (limit) => {
    const { post, did } = api();
    const answer = await post('/api/backfill/limits', { limit });
    expect([answer.status, answer.body, did]).toEqual([400, refused('BAD_REQUEST'), []]);
  });
});

describe('failures', () => {
  test('are for who has the token: keys are in them', async () => {
    const { get, did } = api();
    expect(await get('/api/failures', {})).toMatchObject({ status: 401, body: refused('TOKEN_WRONG') });
    expect(did).toEqual([]);
  });

  test('come in pages, and each says where the next one begins', async () => {
    const { get, did } = api();
    const { body } = await get('/api/failures?limit=1&reason=damaged');
    expect(body).toEqual({
      counts: [{ reason: 'damaged', state: 'given-up', keys: 1 }],
      failures: [JSON.parse(JSON.stringify(failure))],
      next: '["damaged","given-up","a/ü.jpg"]',
    });
    const next = encodeURIComponent((body as { next: string }).next);
    expect((await get(`/api/failures?after=${next}`)).body).toEqual({ failures: [expect.anything()] });
    expect(did).toEqual([
      ['page', undefined, 1, 'damaged'],
      ['page', { reason: 'damaged', state: 'given-up', key: 'a/ü.jpg' }, 100, undefined],
    ]);
  });

  test.each([
    'limit=0',
    'limit=10000',
    'limit=x',
    'reason=bad',
    'after=x',
    'after=%5B%5D',
    'more=1',
    'limit=1&limit=2',
  ])('are refused with ?%s', async (query) => {
    const { get, did } = api();
    const answer = await get(`/api/failures?${query}`);
    expect([answer.status, answer.body, did]).toEqual([400, refused('BAD_REQUEST'), []]);
  });

  test.each([
    [{}, 'all'],
    [{ reason: 'damaged' }, { reason: 'damaged' }],
    [{ keys: ['a.jpg', 'b'] }, { keys: ['a.jpg', 'b'] }],
  ])('are tried again with %j', async (body, which) => {
    const { post, did } = api();
    expect(await post('/api/failures/retry', body)).toMatchObject({ status: 200, body: { retried: 3 } });
    expect(did).toEqual([['retry', which]]);
  });

  test.each([
    [{ reason: 'nope' }],
    [{ keys: [] }],
    [{ keys: ['../a'] }],
    [{ keys: 'a' }],
    [{ keys: ['a'], reason: 'damaged' }],
    [{ keys: Array.from({ length: 1001 }, () => 'k') }],
  ])('are not tried again with %j', async (body) => {
    const { post, did } = api();
    const answer = await post('/api/failures/retry', body);
    expect([answer.status, answer.body, did]).toEqual([400, refused('BAD_REQUEST'), []]);
  });
});

describe('a recopy', () => {
  test.each<[RecopyAnswer, number, string]>([
    [{ kind: 'closed' }, 409, 'KEY_CLOSED'],
    [{ kind: 'unsettled' }, 409, 'KEY_UNSETTLED'],
    [{ kind: 'exists', size: 9, md5: 'ab' }, 409, 'OBJECT_EXISTS'],
    [{ kind: 'exists', size: 9, md5: undefined }, 409, 'OBJECT_EXISTS'],
    [{ kind: 'front' }, 409, 'PHASE_FRONT'],
    [{ kind: 'busy' }, 503, 'KEY_BUSY'],
    [{ kind: 'unavailable' }, 503, 'BUCKET_UNAVAILABLE'],
  ])('that finds %j is answered %d %s', async (answer, status, code) => {
    const { post } = api({ recopy: async () => answer });
    expect(await post('/api/recopy', { key: 'a.jpg' })).toMatchObject({ status, body: refused(code) });
  });

  test.each(['', '../a', '/a', 'a//b', '_upstairs/identity', 'a\n'])(
    'of %j, which is no key, is refused',
    async (key) => {
      const { post, did } = api();
      const answer = await post('/api/recopy', { key });
      expect([answer.status, did]).toEqual([400, []]);
    },
  );
});

test('what fails is told to the log, and to who asked without its words', async () => {
  const { post, did } = api({
    recopy: () => Promise.reject(new Error('secret words')),
  });
  const answer = await post('/api/recopy', { key: 'a.jpg' });
  expect([answer.status, answer.body]).toEqual([500, refused('INTERNAL')]);
  expect(JSON.stringify(answer.body)).not.toContain('secret words');
  expect(did).toEqual([['failed', 'secret words']]);
});
