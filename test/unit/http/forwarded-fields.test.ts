import { describe, expect, it } from 'vitest';
import { forwardedFields, type Origin } from '../../../src/http/forwarded-fields.ts';

const stranger: Origin = {
  peer: '198.51.100.9',
  trusted: false,
  client: '198.51.100.9',
  secure: true,
  host: 'example.social:8443',
};

const names = (fields: readonly (readonly [string, string])[]) => fields.map(([name]) => name.toLowerCase());

describe('the fields that Mastodon gets', () => {
  it.each([
    'X-Forwarded-For',
    'x-forwarded-ssl',
    'X-Forwarded-Scheme',
    'X-Forwarded-Port',
    'Forwarded',
    'X-Real-Ip',
    'Client-IP',
    'CF-Connecting-IP',
    'True-Client-IP',
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-Sendfile-Type',
    'X-Accel-Mapping',
    'X_FORWARDED_FOR',
    'Client_Ip',
    'Proxy',
  ])('have no %s of a stranger', (name) => {
    expect(forwardedFields([[name, 'evil']], stranger).flat()).not.toContain('evil');
  });

  it('tell anew where a stranger came from', () => {
    expect(forwardedFields([['Host', 'ignored']], stranger)).toEqual([
      ['Host', 'example.social:8443'],
      ['X-Forwarded-For', '198.51.100.9'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'example.social:8443'],
      ['X-Real-IP', '198.51.100.9'],
      ['Forwarded', 'for=198.51.100.9;host="example.social:8443";proto=https'],
    ]);
  });

  it('quote an IPv6 address', () => {
    const fields = new Map(forwardedFields([], { ...stranger, peer: '2001:db8::1', host: 'a.b' }));
    expect(fields.get('Forwarded')).toBe('for="[2001:db8::1]";host=a.b;proto=https');
    expect(fields.get('X-Forwarded-For')).toBe('2001:db8::1');
  });

  it('go on with what a trusted proxy told, each once', () => {
    const proxy = { ...stranger, peer: '10.0.0.1', trusted: true, client: '203.0.113.7', secure: false };
    const fields = forwardedFields(
      [
        ['X-Forwarded-For', '192.0.2.1'],
        ['x-forwarded-for', '203.0.113.7'],
        ['X-Forwarded-Proto', 'https'],
        ['X-Forwarded-Ssl', 'on'],
      ],
      proxy,
    );
    const told = new Map(fields);
    expect(told.get('X-Forwarded-For')).toBe('192.0.2.1, 203.0.113.7, 10.0.0.1');
    expect(told.get('X-Forwarded-Proto')).toBe('https');
    expect(told.get('x-forwarded-ssl')).toBe('on');
    expect(told.get('X-Real-IP')).toBe('203.0.113.7');
    // Rack would take it for the whole story.
    expect(told.has('Forwarded')).toBe(false);
    expect(new Set(names(fields)).size).toBe(fields.length);
  });

  it('have one Cookie, however many came', () => {
    expect(
      new Map(
        forwardedFields(
          [
            ['cookie', 'a=1'],
            ['cookie', 'b=2'],
          ],
          stranger,
        ),
      ).get('Cookie'),
    ).toBe('a=1; b=2');
  });

  it('cannot be taken away by Connection', () => {
    const fields = forwardedFields(
      [
        ['Connection', 'close, X-Forwarded-For, content-length, Host, X-Mine'],
        ['Content-Length', '5'],
        ['X-Mine', '1'],
        ['Transfer-Encoding', 'chunked'],
        ['Upgrade', 'h2c'],
      ],
      stranger,
    );
    expect(names(fields)).toEqual([
      'host',
      'content-length',
      'x-forwarded-for',
      'x-forwarded-proto',
      'x-forwarded-host',
      'x-real-ip',
      'forwarded',
    ]);
  });
});
