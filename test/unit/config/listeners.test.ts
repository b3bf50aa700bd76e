import { describe, expect, it } from 'vitest';
import { listenerProblems, listenersOf, sharingAddresses } from '../../../src/config/listeners.ts';
import { siteFor } from '../../../src/http/site-for.ts';

const at = (port: number, host = '0.0.0.0') => ({ host, port });
const tls = { cert: '/c.pem', key: '/k.pem' };
const read = (port: number, more = {}, hosts = ['files.example', 'example']) => ({
  read: { listen: at(port), routes: hosts.map((host) => ({ host })), ...more },
});
const write = (port: number, more = {}) => ({ write: { listen: at(port), hosts: ['s3.example'], ...more } });
const app = (port: number, more = {}) => ({ app: { listen: at(port), hosts: ['example'], ...more } });

const problems = (sections: object) =>
  [...listenerProblems(sections)].map(({ path, message }) => `${path.join('.')} ${message}`);
const groups = (sections: object) =>
  sharingAddresses(listenersOf(sections)).map((group) => group.map(({ name }) => name));

describe('sections', () => {
  it('share a socket when they have the same listen, and no other way', () => {
    expect(groups({ ...read(443), ...write(443), ...app(443) })).toEqual([['app', 'write', 'read']]);
    expect(groups({ ...read(443), ...write(8081), ...app(443) })).toEqual([['app', 'read'], ['write']]);
    expect(groups({ ...read(0), ...write(0) })).toEqual([['write'], ['read']]);
    expect(groups({ ...read(443), ...write(443, { listen: at(443, '127.0.0.1') }) })).toEqual([['write'], ['read']]);
  });

  it('may not share a socket where one has TLS and another has not', () => {
    expect(problems({ ...read(443, { tls }), ...write(443, { tls }), ...app(443, { tls }) })).toEqual([]);
    expect(problems({ ...read(443, { tls }), ...write(443) })).toEqual([
      expect.stringMatching(/^write\.tls is missing, and read/),
    ]);
    expect(problems({ ...read(443), ...write(443, { tls }) })).toEqual([
      expect.stringMatching(/^read\.tls is missing, and write/),
    ]);
    expect(problems({ ...read(8080), ...write(8081, { tls }) })).toEqual([]);
  });

  it('may not share a socket and a host, but for the media of the app host', () => {
    expect(problems({ ...read(80), ...app(80) })).toEqual([]);
    expect(problems({ ...read(80, {}, ['s3.example']), ...write(80) })).toEqual([
      expect.stringMatching(/^write\.hosts has a host/),
    ]);
    expect(problems({ ...app(80, { hosts: ['s3.example'] }), ...write(80) })).toEqual([
      expect.stringMatching(/^app\.hosts has a host that write has/),
    ]);
    expect(problems({ ...read(81, {}, ['s3.example']), ...write(80) })).toEqual([]);
  });

  it('may not share a socket where the bucket in a host name is a host of another', () => {
    const virtual = (bucket: object) => ({ ...read(80, {}, ['media.s3.example']), ...write(80, bucket) });
    expect(problems({ ...virtual({}), bucket: { name: 'media' } })).toEqual([
      expect.stringMatching(/^write\.hosts make media\.s3\.example the bucket/),
    ]);
    expect(problems({ ...virtual({ bucket: 'media' }), bucket: { name: 'other' } })).toHaveLength(1);
    expect(problems({ ...virtual({ bucket: 'other' }), bucket: { name: 'media' } })).toEqual([]);
    expect(problems({ ...read(81, {}, ['media.s3.example']), ...write(80), bucket: { name: 'media' } })).toEqual([]);
  });

  it('may not take a port from each other, nor from the admin listener', () => {
    const pair = (one: string, two: string) =>
      problems({ ...read(443, { listen: at(443, one) }), ...write(443, { listen: at(443, two) }) }).length;
    expect([pair('0.0.0.0', '127.0.0.1'), pair('127.0.0.1', '::'), pair('0.0.0.0', '::')]).toEqual([1, 1, 1]);
    expect([pair('0.0.0.0', '::1'), pair('10.0.0.1', '127.0.0.1')]).toEqual([0, 0]);
    const beside = (host: string, port: number) => problems({ ...read(8080), admin: { listen: at(port, host) } });
    expect(beside('127.0.0.1', 8080)).toEqual([expect.stringMatching(/^admin\.listen is the port of read\.listen/)]);
    expect([beside('127.0.0.1', 9180), beside('::1', 8080)]).toEqual([[], []]);
  });
});

describe('a host', () => {
  const named = listenersOf({ ...read(443), ...write(443), ...app(443) });
  const any = listenersOf({ ...read(443, {}, ['*']), ...write(443), ...app(443) });

  it.each([
    ['files.example', 'read'],
    ['example', 'app'],
    ['s3.example', 'write'],
    ['media.s3.example', 'write'],
    ['xs3.example', undefined],
    ['www.example', undefined],
    [undefined, undefined],
  ])('%s is for %s', (host, name) => {
    expect(siteFor(named, host)?.name).toBe(name);
  });

  it.each([
    ['example', 'app'],
    ['media.s3.example', 'write'],
    ['www.example', 'read'],
    [undefined, 'read'],
  ])('%s is for %s where the read host takes every host', (host, name) => {
    expect(siteFor(any, host)?.name).toBe(name);
  });
});
