import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLocalTime } from '../../../../src/backfill/access-log/local-time.ts';
import { parseLogLine } from '../../../../src/backfill/access-log/log-line.ts';

const time = '27/Nov/2022:06:13:20 +0100';
const atMs = Date.UTC(2022, 10, 27, 5, 13, 20);
const combined = (request: string, { address = '192.0.2.1', user = '-', rest = '200 512 "-" "curl/8"' } = {}) =>
  `${address} - ${user} [${time}] "${request}" ${rest}`;

describe('a line in nginx\'s format "combined"', () => {
  const plain = { method: 'GET', target: '/a/b.jpg', status: 200, atMs, address: '192.0.2.1', host: undefined };

  it.each([
    ['as nginx writes it', combined('GET /a/b.jpg HTTP/1.1'), plain],
    ['of HTTP/2', combined('GET /a/b.jpg HTTP/2.0'), plain],
    ['of HTTP/3', combined('GET /a/b.jpg HTTP/3'), plain],
    ['of IPv6', combined('GET /a/b.jpg HTTP/1.1', { address: '2001:db8::1' }), { ...plain, address: '2001:db8::1' }],
    [
      'of a client on a Unix socket',
      combined('GET /a/b.jpg HTTP/1.1', { address: 'unix:' }),
      { ...plain, address: 'unix:' },
    ],
    ['without referer and user agent (common)', combined('GET /a/b.jpg HTTP/1.1', { rest: '200 512' }), plain],
    ['with more behind it', combined('GET /a/b.jpg HTTP/1.1', { rest: '200 512 "-" "curl/8" rt=0.01 "x y"' }), plain],
    ['without a length', combined('GET /a/b.jpg HTTP/1.1', { rest: '304 - "-" "-"' }), { ...plain, status: 304 }],
    ['with a user who has blanks and brackets', combined('GET /a/b.jpg HTTP/1.1', { user: 'a [b] c' }), plain],
    [
      'with a user who pretends to be a request',
      combined('GET /a/b.jpg HTTP/1.1', { user: `x [${time}] \\x22GET /evil HTTP/1.1\\x22 200 1` }),
      plain,
    ],
    ['with an escaped quote', combined('GET /a\\x22b HTTP/1.1'), { ...plain, target: '/a"b' }],
    ['with a quote escaped by Apache', combined('GET /a\\"b HTTP/1.1'), { ...plain, target: '/a"b' }],
    ['with raw bytes', combined('GET /\\xC3\\xA9 HTTP/1.1'), { ...plain, target: '/\u00c3\u00a9' }],
    ['with the whole URL', combined('GET http://files.test/a HTTP/1.1'), { ...plain, target: 'http://files.test/a' }],
    [
      'with quotes in the user agent',
      combined('GET /a/b.jpg HTTP/1.1', { rest: '200 512 "-" "a \\x22GET /x\\x22 200 1"' }),
      plain,
    ],
  ])('%s', (_, line, expected) => {
    expect(parseLogLine(line)).toEqual(expected);
  });

  it.each([
    ['TLS on a plain port', combined('\\x16\\x03\\x01\\x00\\xEE', { rest: '400 157 "-" "-"' })],
    ['nothing', combined('', { rest: '400 0 "-" "-"' })],
    ['a connection that was closed', combined('-', { rest: '408 - "-" "-"' })],
    ['a target with a blank', combined('GET /a b HTTP/1.1')],
    ['an injected line', combined('GET /a HTTP/1.1\\x0D\\x0AX: y')],
  ])('of %s is no request', (_, line) => {
    expect(parseLogLine(line)).toBe('no-request');
  });

  it.each([
    ['nothing', ''],
    ['words', 'Nov 27 06:13:20 host nginx: started'],
    ['an error log', '2022/11/27 06:13:20 [error] 1#1: *1 open() "/x" failed'],
    ['a time that is none', combined('GET / HTTP/1.1').replace('27/Nov', '31/Feb')],
    ['a line that was cut', combined('GET /a HTTP/1.1').slice(0, 64)],
    ['a quote that is not closed', `192.0.2.1 - - [${time}] "GET /a HTTP/1.1 200 1`],
    ['a status that is none', combined('GET /a HTTP/1.1', { rest: '2000 1' })],
  ])('%s is none', (_, line) => {
    expect(parseLogLine(line)).toBeUndefined();
  });
});

describe('a JSON object as a line', () => {
  const plain = { method: 'GET', target: '/a/b.jpg', status: 200, atMs, address: '192.0.2.1', host: 'files.test' };
  const json = (value: unknown) => JSON.stringify(value);
  const common = { remote_addr: '192.0.2.1', host: 'files.test', status: 200 };

  it.each([
    [
      "with nginx's variables",
      json({ ...common, time_iso8601: '2022-11-27T06:13:20+01:00', request: 'GET /a/b.jpg HTTP/1.1' }),
    ],
    [
      'with the status as text',
      json({ ...common, status: '200', msec: '1669526000.000', request: 'GET /a/b.jpg HTTP/2.0' }),
    ],
    ['with method and uri', json({ ...common, time_local: time, request_method: 'GET', request_uri: '/a/b.jpg' })],
    ['with short names', json({ ...common, time: '2022-11-27T05:13:20Z', method: 'GET', uri: '/a/b.jpg' })],
    [
      'as Caddy writes it',
      json({
        ts: 1669526000,
        status: 200,
        request: { remote_ip: '192.0.2.1', method: 'GET', host: 'files.test', uri: '/a/b.jpg' },
      }),
    ],
    ['with milliseconds', json({ ...common, time: 1669526000000, method: 'GET', path: '/a/b.jpg' })],
  ])('%s', (_, line) => {
    expect(parseLogLine(line)).toEqual(plain);
  });

  it.each([
    ['that is cut', '{"status":200,"request":"GET /'],
    ['without a time', json({ ...common, request: 'GET / HTTP/1.1' })],
    ['without a status', json({ time_local: time, request: 'GET / HTTP/1.1' })],
    ['without a request', json({ ...common, time_local: time })],
    ['with fields of a prototype', '{"__proto__":{"status":200},"time_local":"x"}'],
    ['with objects for fields', json({ status: {}, time_local: [], request: 'GET / HTTP/1.1' })],
  ])('%s is none', (_, line) => {
    expect(parseLogLine(line)).toBeUndefined();
  });

  it('of a stranger who sent no request is no request', () => {
    expect(parseLogLine(json({ ...common, status: 400, time_local: time, request: '\u0016\u0003' }))).toBe(
      'no-request',
    );
  });
});

describe('any line', () => {
  const piece = fc.constantFrom(
    '"',
    '\\',
    '[',
    ']',
    ' ',
    '{',
    '}',
    ':',
    `[${time}] "`,
    'GET /a HTTP/1.1',
    '200 ',
    '\\x',
    '\u2028',
  );

  it('is read or refused, and never thrown at', () => {
    fc.assert(fc.property(fc.array(fc.oneof(piece, fc.string())), (pieces) => void parseLogLine(pieces.join(''))));
    fc.assert(fc.property(fc.json(), (text) => void parseLogLine(text)));
  });

  it('of any request that nginx would write is read as what was sent', () => {
    const nginx = (text: string) =>
      text.replace(/["\\\p{Cc}]|[^ -~]/gu, (c) =>
        [...Buffer.from(c, 'latin1')].map((b) => `\\x${b.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
      );
    const target = fc.string({
      unit: fc
        .integer({ min: 0x21, max: 0xff })
        .filter((c) => c !== 0xa0 && c !== 0x85)
        .map((c) => String.fromCharCode(c)),
      minLength: 1,
    });
    fc.assert(
      fc.property(target, fc.string(), (target, agent) => {
        const line = combined(nginx(`GET /${target} HTTP/1.1`), { rest: `206 1 "-" "${nginx(agent)}"` });
        expect(parseLogLine(line)).toMatchObject({ target: `/${target}`, status: 206 });
      }),
    );
  });

  it('of the longest kind that looks like something all over takes one pass', () => {
    for (const part of [' [', `[${time}] `, '\\"', '" ', '"\\', 'a '])
      expect(parseLogLine(part.repeat(64_000 / part.length))).toBeUndefined();
  });
});

describe("nginx's local time", () => {
  it('is what Date says, for any time and zone', () => {
    const names = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
    const two = (n: number) => String(Math.abs(n)).padStart(2, '0');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e9 }), fc.integer({ min: -47, max: 56 }), (seconds, quarters) => {
        const local = new Date((seconds + quarters * 900) * 1000);
        const [hours, minutes] = [Math.trunc(quarters / 4), (quarters % 4) * 15];
        const text = `${two(local.getUTCDate())}/${names[local.getUTCMonth()]}/${local.getUTCFullYear()}:${local.toISOString().slice(11, 19)} ${quarters < 0 ? '-' : '+'}${two(hours)}${two(minutes)}`;
        if (local.getUTCFullYear() >= 1970) expect(parseLocalTime(text)).toBe(seconds * 1000);
      }),
    );
  });
});
