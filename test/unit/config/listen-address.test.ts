import { expect, it } from 'vitest';
import { listenAddress, parseListenAddress } from '../../../src/config/listen-address.ts';

it.each([
  ['0.0.0.0:8080', { host: '0.0.0.0', port: 8080 }],
  ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
  ['localhost:65535', { host: 'localhost', port: 65535 }],
  ['[::1]:9180', { host: '::1', port: 9180 }],
  ['[::]:80', { host: '::', port: 80 }],
])('%s is a listen address', (text, address) => {
  expect(parseListenAddress(text)).toEqual(address);
});

it.each([
  '',
  '8080',
  ':8080',
  '*:8080',
  '::1:8080',
  '[::1]',
  '[1:2]:80',
  'a:65536',
  'a:-1',
  'a:',
  'http://a:80',
  'a:80/',
  8080,
  null,
])('%j is refused, and the accepted form told', (value) => {
  expect(listenAddress().safeParse(value).error?.issues[0]?.message).toContain('must be host:port');
});
