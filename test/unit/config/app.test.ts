import { describe, expect, it } from 'vitest';
import { appProblems, appSchema } from '../../../src/config/app-schema.ts';

const least = { hosts: ['example.social'], web: 'http://127.0.0.1:3000' };

describe('the app host in the configuration', () => {
  it('needs its hosts and the web server, and trusts no proxy by itself', () => {
    expect(appSchema.parse(least)).toMatchObject({
      listen: { host: '127.0.0.1', port: 8082 },
      trustProxy: [],
      answerWithin: 60_000,
    });
  });

  it.each([
    'ftp://127.0.0.1',
    '127.0.0.1:3000',
    'http://127.0.0.1:3000/app',
    'http://127.0.0.1:3000/?x',
    'http://user:word@127.0.0.1:3000',
    'http://127.0.0.1:99999',
    'http://',
  ])('refuses %s as a server', (web) => {
    expect(appSchema.safeParse({ ...least, web }).success).toBe(false);
  });

  it.each(['http://127.0.0.1:3000/', 'http://[::1]:3000', 'https://home.example'])('takes %s', (web) => {
    expect(appSchema.safeParse({ ...least, web }).success).toBe(true);
  });

  it('refuses a host of which the read path has everything', () => {
    const routes = [
      { host: 'example.social', prefix: '/' },
      { host: '*', prefix: '/' },
    ];
    const hosts = ['a.example', 'example.social'];
    expect([
      ...appProblems({ hosts }, { routes: [{ host: 'a.example', prefix: '/system/' }, ...routes] }),
    ]).toMatchObject([{ path: ['app', 'hosts', 1], message: expect.stringContaining('every path') }]);
  });

  it.each([
    ['example.social', '/system/', 0],
    ['*', '/system/', 0],
    ['other.example', '/system/', 1],
    ['*', '/', 1],
  ])('with a route of %s for %s finds so many hosts without media: %i', (host, prefix, found) => {
    const problems = [...appProblems(least, { routes: [{ host, prefix }] })];
    expect(problems.map(({ path, message }) => [path.join('.'), /takes no path/.test(message)])).toEqual(
      Array.from({ length: found }, () => ['app.hosts.0', true]),
    );
  });

  it.each([
    ['127.0.0.1:8082', 'http://127.0.0.1:8082', 'web'],
    ['0.0.0.0:80', 'http://localhost', 'web'],
    ['[::]:443', 'https://[::1]/', 'streaming'],
    ['10.0.0.7:8082', 'http://127.0.0.1:8082', undefined],
    ['0.0.0.0:8082', 'http://10.0.0.8:8082', undefined],
    ['127.0.0.1:0', 'http://127.0.0.1:3000', undefined],
  ])('does not pass on to itself: listening on %s, to %s', (listen, url, wrong) => {
    const given = wrong === 'streaming' ? { ...least, streaming: url } : { ...least, web: url };
    const found = [
      ...appProblems(appSchema.parse({ ...given, listen }), { routes: [{ host: '*', prefix: '/system/' }] }),
    ];
    expect(found.map(({ path }) => path.join('.'))).toEqual(wrong ? [`app.${wrong}`] : []);
  });
});
