import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import type { AccessRecord } from '../../../src/http/access-log.ts';
import type { PurgeRecord } from '../../../src/http/media-handler.ts';
import { PurgeSecret } from '../../../src/http/purge-secret.ts';
import { createReadServer } from '../../../src/http/read-server.ts';
import { setAt, validConfig } from '../config/valid-config.ts';

const secret = 'a-secret-of-sixteen';

/** A read host whose every key is absent, and what it did. */
function readHost(purge: object | false = { secret }) {
  const value = validConfig('/disk', '/state');
  if (purge) setAt(value, 'read.purge', purge);
  const did: string[] = [];
  const records: AccessRecord[] = [];
  const purges: PurgeRecord[] = [];
  const app = createReadServer({
    read: configSchema.parse(value).read,
    reads: {
      find: async (key) => {
        did.push(`find ${key}`);
        return { kind: 'absent', why: 'missing' };
      },
      purge: (key) => {
        did.push(`purge ${key}`);
      },
    },
    logger: pino({ level: 'silent' }),
    answered: (record) => records.push(record),
    purged: (purged) => purges.push(purged),
  });
  const send = (method: string, headers: Record<string, string> = {}, url = '/system/a/b.jpg') =>
    app.inject({ method: method as 'GET', url, headers: { host: 'files.example.social', ...headers } });
  return { send, did, records, purges };
}

const right = { 'x-purge-secret': secret };

describe('a purge', () => {
  test.each(['PURGE', 'GET', 'HEAD'])('by %s with the secret forgets the key, and brings nothing', async (method) => {
    const { send, did, records, purges } = readHost();
    const answer = await send(method, right);
    expect([answer.statusCode, answer.body]).toEqual([204, '']);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(did).toEqual(['purge a/b.jpg']);
    expect(records).toMatchObject([{ method, key: 'a/b.jpg', tier: 'none', status: 204, why: 'purged' }]);
    expect(purges).toEqual([{ key: 'a/b.jpg', address: '127.0.0.1', outcome: 'done' }]);
  });

  test.each<[string, string, Record<string, string>]>([
    ['PURGE', 'nothing', {}],
    ['PURGE', 'a wrong one', { 'x-purge-secret': 'another-secret-of-16' }],
    ['PURGE', 'an empty one', { 'x-purge-secret': '' }],
    ['PURGE', 'its beginning', { 'x-purge-secret': secret.slice(0, -1) }],
    ['PURGE', 'the right one under another name', { 'x-secret': secret }],
    ['GET', 'a wrong one', { 'x-purge-secret': 'another-secret-of-16' }],
    ['GET', 'an empty one', { 'x-purge-secret': '' }],
    ['HEAD', 'a wrong one', { 'x-purge-secret': 'another-secret-of-16' }],
  ])('by %s with %s for the secret is refused, and nothing is forgotten or fetched', async (method, _what, headers) => {
    const { send, did, records, purges } = readHost();
    const answer = await send(method, headers);
    expect(answer.statusCode).toBe(403);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(did).toEqual([]);
    expect(records).toMatchObject([{ key: 'a/b.jpg', tier: 'none', status: 403, why: 'purge-denied' }]);
    expect(purges).toEqual([{ key: 'a/b.jpg', address: '127.0.0.1', outcome: 'denied' }]);
  });

  test('is not a read: a GET without the header is served as ever', async () => {
    const { send, did, purges } = readHost();
    expect((await send('GET')).statusCode).toBe(404);
    expect(did).toEqual(['find a/b.jpg']);
    expect(purges).toEqual([]);
  });

  test('takes the secret in the header that was configured, however its name is written', async () => {
    const { send, did } = readHost({ header: 'Secret-Header', secret });
    expect((await send('PURGE', { 'SECRET-HEADER': secret })).statusCode).toBe(204);
    expect((await send('PURGE', right)).statusCode).toBe(403);
    expect(did).toEqual(['purge a/b.jpg']);
  });

  test.each([
    ['/system/', 404],
    ['/system/a//b.jpg', 400],
    ['/system/a%2Fb.jpg', 400],
    ['/system/_upstairs/identity', 404],
    ['/elsewhere/a.jpg', 404],
  ])('of %s, which is no key, is answered %d', async (url, status) => {
    const { send, did, purges } = readHost();
    expect((await send('PURGE', right, url)).statusCode).toBe(status);
    expect([did, purges]).toEqual([[], []]);
  });

  test('is among the methods that a refusal names, and is none that a page may use', async () => {
    const { send } = readHost();
    const refused = await send('DELETE', right);
    expect([refused.statusCode, refused.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS, PURGE']);
    const preflight = await send('OPTIONS', right);
    expect([preflight.statusCode, preflight.headers['access-control-allow-methods']]).toEqual([
      204,
      'GET, HEAD, OPTIONS',
    ]);
  });

  test('is unknown where it is not configured', async () => {
    const { send, did, purges } = readHost(false);
    const refused = await send('PURGE', right);
    expect([refused.statusCode, refused.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect((await send('GET', right)).statusCode).toBe(404);
    expect([did, purges]).toEqual([['find a/b.jpg'], []]);
  });
});

test('a secret that comes twice is wrong, as Node joins its lines', () => {
  const purgeSecret = new PurgeSecret({ header: 'x-purge-secret', secret });
  expect(purgeSecret.in({ 'x-purge-secret': `${secret}, ${secret}` })).toBe('wrong');
  expect(purgeSecret.in({ 'x-purge-secret': secret })).toBe('right');
  expect(purgeSecret.in({})).toBe('none');
});
