import { expect, onTestFinished, test } from 'vitest';
import { isSafeHost } from '../../../src/http/admin-hosts.ts';
import { createAdminServer } from '../../../src/http/admin-server.ts';

const own = ['upstairs.example.social'];

test.each([
  '127.0.0.1:9180',
  '10.0.0.7',
  '[::1]:9180',
  '[fd00::7]',
  'localhost:9180',
  'upstairs:9180',
  'nas.local:9180',
  'nas.lan',
  'upstairs.svc.internal',
  'box.home.arpa',
  'UPSTAIRS.example.social:9180',
])('%s is an address, a private name or an own one', (host) => {
  expect(isSafeHost(host, own)).toBe(true);
});

test.each([
  'evil.example:9180',
  'upstairs.example.social.evil.example',
  'evil.upstairs.example.social',
  'local.evil.example',
  'evillocal.example',
  '127.0.0.1.evil.example',
  '127.0.0.1.:9180',
  '[::1].evil.example',
  'localhost.evil.example:80',
])('%s could be anybody’s', (host) => {
  expect(isSafeHost(host, own)).toBe(false);
});

test('under a foreign name not even numbers are told, and the answer says what to do', async () => {
  const app = createAdminServer({
    hosts: own,
    metrics: { contentType: 'text/plain', metrics: async () => 'numbers' },
    notReady: () => [],
    routes: [(scope) => scope.get('/', async () => 'page')],
  });
  onTestFinished(() => app.close());
  const ask = async (url: string, host: string) => {
    const { statusCode, body } = await app.inject({ url, headers: { host } });
    return { statusCode, body };
  };
  for (const url of ['/', '/metrics', '/livez', '/readyz', '/nothing']) {
    const { statusCode, body } = await ask(url, 'rebound.example:9180');
    expect([statusCode, JSON.parse(body)]).toEqual([
      421,
      {
        error: {
          code: 'HOST_NOT_KNOWN',
          message: expect.not.stringContaining('rebound'),
          todo: expect.stringContaining('admin.hosts'),
        },
      },
    ]);
  }
  expect(await ask('/metrics', 'upstairs.example.social')).toEqual({ statusCode: 200, body: 'numbers' });
  expect((await ask('/livez', '127.0.0.1:9180')).statusCode).toBe(200);
});
