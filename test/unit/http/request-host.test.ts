import { expect, it } from 'vitest';
import { namedHost } from '../../../src/http/request-host.ts';
import { hostOf } from '../../../src/http/site-for.ts';

const one = (authority: string) => ({ kind: 'one', authority });

it.each([
  [['Host', 'a.test'], one('a.test')],
  [['HOST', 'a.test:443', 'X', 'host'], one('a.test:443')],
  [['Host', ''], one('')],
  [[], { kind: 'none' }],
  [['X-Forwarded-Host', 'a.test'], { kind: 'none' }],
  [['Host', 'a.test', 'host', 'a.test'], { kind: 'several' }],
  [[':authority', 'a.test'], one('a.test')],
  [[':authority', 'a.test', 'host', 'A.test'], one('A.test')],
  [[':authority', 'a.test', 'host', 'b.test'], { kind: 'several' }],
  [[':authority', 'a.test', 'host', ''], { kind: 'several' }],
])('header fields %j name %j', (rawHeaders, expected) => {
  expect(namedHost({ rawHeaders })).toEqual(expected);
});

it.each([
  ['/x', ['Host', 'A.test:8080'], 'a.test'],
  ['/x', ['Host', 'a.test.'], 'a.test'],
  ['/x', ['Host', '[::1]:8080'], '[::1]'],
  ['http://B.test:80/x', ['Host', 'a.test'], 'b.test'],
  ['http://b.test?x', ['Host', 'a.test'], 'b.test'],
  ['http://b.test/', ['Host', 'a.test', 'Host', 'b.test'], undefined],
  ['/http://b.test/', ['Host', 'a.test'], 'a.test'],
  ['/x', [], undefined],
])('%s with %j is for %s', (url, rawHeaders, expected) => {
  expect(hostOf({ url, rawHeaders })).toBe(expected);
});
