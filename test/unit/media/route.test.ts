import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchRoute, type Route } from '../../../src/media/route.ts';

const routes: readonly Route[] = [
  { host: 'files.test', prefix: '/' },
  { host: 'app.test', prefix: '/system/' },
  { host: 'app.test', prefix: '/system/old' },
  { host: '[::1]', prefix: '/media' },
];
const withAny: readonly Route[] = [...routes, { host: '*', prefix: '/any/' }];

const matches: readonly (readonly [host: string | undefined, target: string, rest: string])[] = [
  ['files.test', '/a/b.jpg', 'a/b.jpg'],
  ['FILES.Test:8080', '/a', 'a'],
  ['files.test.', '/a', 'a'],
  ['files.test.:443', '/a', 'a'],
  ['files.test:', '/a', 'a'],
  ['files.test', '/', ''],
  ['files.test', '/a?1234567890', 'a'],
  ['files.test', '/a?b=/../?c', 'a'],
  ['files.test', '/%61', '%61'],
  ['files.test', '//evil/..', '/evil/..'],
  ['app.test', '/system/a', 'a'],
  ['app.test', '/system/', ''],
  ['app.test', '/system//a', '/a'],
  ['app.test', '/system/old/a', 'a'],
  ['app.test', '/system/older/a', 'older/a'],
  ['[::1]:3000', '/media/a', 'a'],
  ['evil.test', 'http://files.test/a', 'a'],
  [undefined, 'HTTPS://Files.Test:443/a?b', 'a'],
  ['app.test', 'http://files.test', ''],
  ['files.test', 'http://files.test?x', ''],
];

describe('the route of a request', () => {
  it.each(matches)('Host %s, target %s: rest %j', (host, target, rest) => {
    expect(matchRoute(routes, host, target)).toEqual({ kind: 'match', rest });
  });

  it.each([
    ['evil.test', '/a'],
    [undefined, '/a'],
    ['', '/a'],
    ['*', '/a'],
    ['files.test', 'http://evil.test/a'],
    ['files.test.evil.test', '/a'],
    ['[::2]', '/media/a'],
  ])('Host %s, target %s: no such host', (host, target) => {
    expect(matchRoute(routes, host, target)).toEqual({ kind: 'no-host' });
  });

  it.each([
    ['app.test', '/'],
    ['app.test', '/system'],
    ['app.test', '/systemx/a'],
    ['app.test', '/%73ystem/a'],
    ['app.test', '/SYSTEM/a'],
    ['app.test', '/system%2fa'],
    ['app.test', '//system/a'],
    ['app.test', '/x?/system/a'],
  ])('Host %s, target %s: no such prefix', (host, target) => {
    expect(matchRoute(routes, host, target)).toEqual({ kind: 'no-prefix' });
  });

  it.each([
    ['files.test', '*'],
    ['files.test', ''],
    ['files.test', 'a'],
    ['files.test', '/a#b'],
    ['files.test', '/a?b#c'],
    ['files.test', 'files.test:443'],
    ['files.test', 'ftp://files.test/a'],
    ['files.test', 'http:///a'],
    ['files.test', 'http://user@files.test/a'],
    ['files.test', 'http://files.test\\@evil.test/a'],
    ['files.test/', '/a'],
    ['files.test evil.test', '/a'],
    ['files.test, evil.test', '/a'],
    ['files.test:80:80', '/a'],
    ['user@files.test', '/a'],
    ['[files.test', '/a'],
    ['.', '/a'],
  ])('Host %j, target %j: cannot be read', (host, target) => {
    expect(matchRoute(withAny, host, target)).toEqual({ kind: 'bad-target' });
  });

  it('takes * for any host, and for none', () => {
    for (const host of ['evil.test', undefined, 'app.test']) {
      expect(matchRoute(withAny, host, '/any/a')).toEqual({ kind: 'match', rest: 'a' });
    }
  });

  it('asks the routes of the named host before *', () => {
    const overlapping = [
      { host: '*', prefix: '/media/' },
      { host: 'files.test', prefix: '/' },
    ];
    expect(matchRoute(overlapping, 'files.test', '/media/a')).toEqual({ kind: 'match', rest: 'media/a' });
    expect(matchRoute(overlapping, 'other.test', '/media/a')).toEqual({ kind: 'match', rest: 'a' });
  });

  it('gives the same answer whatever the order of the routes', () => {
    expect(matchRoute(routes.toReversed(), 'app.test', '/system/old/a')).toEqual({ kind: 'match', rest: 'a' });
  });

  it('never finds a query or a fragment in the rest', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('/', '?', '#', 'a', '.', ':', '%2f') }), (target) => {
        const match = matchRoute(routes, 'files.test', `/${target}`);
        if (match.kind === 'match') expect(match.rest).toBe(target.split('?')[0]);
        else expect(target).toContain('#');
      }),
    );
  });
});
