import { expect, it } from 'vitest';
import { keyOfTarget } from '../../../../src/backfill/access-log/key-of-target.ts';

const routes = [
  { host: 'files.example', prefix: '/' },
  { host: 'example.social', prefix: '/system/' },
];
const avatar = 'accounts/avatars/1/original/a.png';

it.each([
  // A log that tells the host.
  ['files.example', `/${avatar}`, avatar],
  ['files.example', `/${avatar}?1669526000`, avatar],
  ['files.example', '/some/thing.txt', 'some/thing.txt'],
  ['FILES.example:443', '/%61.jpg', 'a.jpg'],
  ['example.social', `/system/${avatar}`, avatar],
  ['example.social', `/${avatar}`, undefined],
  ['example.social', '/api/v1/timelines/home', undefined],
  // Another host than today's: media were below /system/.
  ['old.example', `/system/${avatar}`, avatar],
  ['old.example', `/${avatar}`, undefined],
  // Nobody tells the host.
  [undefined, `/system/${avatar}`, avatar],
  [undefined, `http://old.example/system/${avatar}`, avatar],
  [undefined, `/${avatar}`, avatar],
  [undefined, `http://files.example/${avatar}`, avatar],
  [undefined, '/api/v1/timelines/home', undefined],
  [undefined, '/@user/109412345678901234', undefined],
  [undefined, '/', undefined],
  // What readers are refused has no key.
  [undefined, '/system//a.jpg', undefined],
  [undefined, '/system/../secrets', undefined],
  [undefined, '/system/a%2Fb.jpg', undefined],
  [undefined, '/system/%ff.jpg', undefined],
  [undefined, '/system/', undefined],
  [undefined, '/system/_upstairs/identity', undefined],
  [undefined, '*', undefined],
])('asked of host %s, %s is about %s', (host, target, key) => {
  expect(keyOfTarget(routes, host, target)).toBe(key);
});

it('takes any path where the read host is any host and the log tells one', () => {
  const any = [{ host: '*', prefix: '/' }];
  expect(keyOfTarget(any, 'whatever', '/some/thing.txt')).toBe('some/thing.txt');
  expect(keyOfTarget(any, undefined, '/some/thing.txt')).toBeUndefined();
  expect(keyOfTarget(any, undefined, `/${avatar}`)).toBe(avatar);
});
