import { type ForgeContext, forge, present, wireBytes, withLine } from '../forge.ts';
import { type ForgedRequest, raw, refused } from './forged-request.ts';

const broken = { status: 400 };

/** A second request hidden behind the first; whoever reads the framing otherwise would carry it out. */
function smuggled(context: ForgeContext, framing: readonly (readonly [string, string])[]): Buffer {
  const inner = wireBytes(forge(context, { method: 'DELETE' }));
  const body = Buffer.concat([Buffer.from('0\r\n\r\n'), inner]);
  const outer = forge(context, { method: 'PUT', key: 'new.jpg', headers: { Connection: 'keep-alive' } });
  return wireBytes({ ...framing.reduce((request, [name, value]) => withLine(name, value)(request), outer), body });
}

/** Broken HTTP, some of it meant to be understood in two ways. */
export const forgedHttp: readonly ForgedRequest[] = [
  raw(
    'smuggled: a length and chunks',
    (c) =>
      smuggled(c, [
        ['Content-Length', '5'],
        ['Transfer-Encoding', 'chunked'],
      ]),
    broken,
  ),
  raw(
    'smuggled: chunks and a length',
    (c) =>
      smuggled(c, [
        ['Transfer-Encoding', 'chunked'],
        ['Content-Length', '5'],
      ]),
    broken,
  ),
  raw(
    'smuggled: two lengths',
    (c) =>
      smuggled(c, [
        ['Content-Length', '0'],
        ['Content-Length', '5'],
      ]),
    broken,
  ),
  raw(
    'smuggled: chunks in a guise',
    (c) =>
      smuggled(c, [
        ['Transfer-Encoding', 'xchunked'],
        ['Content-Length', '5'],
      ]),
    broken,
  ),
  raw(
    'smuggled: a bare carriage return',
    (c) =>
      smuggled(c, [
        ['Content-Length', '0'],
        ['X', 'y\rTransfer-Encoding: chunked'],
      ]),
    broken,
  ),
  raw(
    'smuggled: a space before a colon',
    (c) =>
      smuggled(c, [
        ['Content-Length', '0'],
        ['Transfer-Encoding ', 'chunked'],
      ]),
    broken,
  ),
  raw('a header folded over two lines', (c) => wireBytes(forge(c, { tamper: withLine('X-A', 'a\r\n b') })), broken),
  raw('a control character in a header', (c) => wireBytes(forge(c, { tamper: withLine('X-A', 'a\x01b') })), broken),
  raw('a NUL in a header', (c) => wireBytes(forge(c, { tamper: withLine('X-A', 'a\0b') })), broken),
  raw('a line break in a method', () => Buffer.from('GET\r\n / HTTP/1.1\r\n\r\n'), broken),
  raw('a raw space in a target', (c) => wireBytes(forge(c, { path: `/${c.bucket}/a b` })), broken),
  raw('raw UTF-8 in a target', (c) => wireBytes(forge(c, { path: `/${c.bucket}/caf\xc3\xa9` })), broken),
  raw('a header of 100 kB', (c) => wireBytes(forge(c, { headers: { 'X-Amz-Meta-A': 'a'.repeat(100_000) } })), {
    status: [400, 431],
  }),
  raw(
    '5000 headers',
    (c) =>
      wireBytes(forge(c, { headers: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`X-A-${i}`, 'a'])) })),
    { status: [400, 431] },
  ),
  raw('a target of 100 kB', (c) => wireBytes(forge(c, { path: `/${c.bucket}/${'a'.repeat(100_000)}` })), {
    status: [400, 414, 431],
  }),
  raw('no host', (c) => wireBytes(forge(c, { headers: { Host: undefined } })), { status: [400, 403] }),
  raw('TLS', () => Buffer.from('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 'latin1'), broken),
  refused('a target that names another host', (c) => ({ path: `http://evil.test/${c.bucket}/${present}` }), {
    status: 400,
  }),
  refused(
    'an expectation that is none',
    { method: 'PUT', key: 'new.jpg', body: 'new', headers: { Expect: 'a miracle' } },
    { status: [400, 417] },
  ),
];
