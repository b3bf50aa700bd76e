/** A request that has to be refused, sent byte for byte, against the files of `makeHostileTree`. */
export interface HostileTarget {
  readonly name: string;
  readonly target: string;
  /** GET unless given. */
  readonly method?: string;
  /** `Host: files.test` and `Connection: close` are added unless they are given here. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The whole request, for what `method`, `target` and `headers` cannot say; one character a byte. */
  readonly raw?: string;
  readonly expect: number | readonly number[];
  /** Closing the connection without an answer will do as well. */
  readonly mayClose?: boolean;
}

/** The bytes of a request; one character a byte. */
export function requestBytes({ method = 'GET', target, headers = {}, raw }: HostileTarget): Buffer {
  if (raw !== undefined) return Buffer.from(raw, 'latin1');
  const all = { Host: 'files.test', Connection: 'close', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
}

const app = { Host: 'app.test' };
/** Which of these a host without a route gets is for the listener to say. */
const noSuchHost = [404, 421];
/** Refused by the parser (400) or as a path nobody has (404), whichever stands first. */
const malformed = [400, 404];

const traversal: readonly HostileTarget[] = [
  { name: 'dot-dot', target: '/../secret.txt', expect: 400 },
  { name: 'dot-dot within a path', target: '/dir/../real.jpg', expect: 400 },
  { name: 'dot-dot to a private prefix', target: '/dir/../backups/dumps/x', expect: 400 },
  { name: 'dot-dot at the end', target: '/dir/..', expect: 400 },
  { name: 'many dot-dots', target: `/${'../'.repeat(40)}etc/passwd`, expect: 400 },
  { name: 'encoded dot-dot', target: '/%2e%2e/secret.txt', expect: 400 },
  { name: 'half-encoded dot-dot', target: '/.%2E/secret.txt', expect: 400 },
  { name: 'encoded dot-dot and slash', target: '/%2e%2e%2fsecret.txt', expect: 400 },
  { name: 'encoded slash after dot-dot', target: '/..%2fsecret.txt', expect: 400 },
  { name: 'doubly encoded dot-dot', target: '/%252e%252e/secret.txt', expect: 400 },
  { name: 'doubly encoded slash', target: '/..%252fsecret.txt', expect: 400 },
  { name: 'overlong dot-dot', target: '/%c0%ae%c0%ae/secret.txt', expect: 400 },
  { name: 'overlong dot-dot of three bytes', target: '/%e0%80%ae%e0%80%ae/secret.txt', expect: 400 },
  { name: 'overlong slash', target: '/dir%c0%afinside.jpg', expect: 400 },
  { name: "dot-dot in IIS's encoding", target: '/%u002e%u002e/secret.txt', expect: 400 },
  { name: 'dot-dot with backslashes', target: '/..\\secret.txt', expect: 400 },
  { name: 'dot-dot with encoded backslashes', target: '/..%5csecret.txt', expect: 400 },
  { name: 'dot-dot after the prefix', target: '/system/../real.jpg', headers: app, expect: 400 },
  { name: 'encoded dot-dot after the prefix', target: '/system/%2e%2e/real.jpg', headers: app, expect: 400 },
];

const aliases: readonly HostileTarget[] = [
  { name: 'encoded slash', target: '/dir%2finside.jpg', expect: 400 },
  { name: 'backslash for a slash', target: '/dir\\inside.jpg', expect: 400 },
  { name: 'dot segment', target: '/./real.jpg', expect: 400 },
  { name: 'encoded dot segment', target: '/dir/%2e/inside.jpg', expect: 400 },
  { name: 'dot segment at the end', target: '/real.jpg/.', expect: 400 },
  { name: 'double slash', target: '/dir//inside.jpg', expect: 400 },
  { name: 'double slash at the start', target: '//real.jpg', expect: 400 },
  { name: 'double slash that looks like a host', target: '//evil.test/../real.jpg', expect: 400 },
  { name: 'double slash after the prefix', target: '/system//real.jpg', headers: app, expect: 400 },
  { name: 'trailing slash after a file', target: '/real.jpg/', expect: 404 },
  { name: 'path below a file', target: '/real.jpg/x', expect: 404 },
  { name: 'path parameter', target: '/real.jpg;a=b', expect: 404 },
  { name: 'trailing dot', target: '/real.jpg.', expect: 404 },
  { name: 'trailing space', target: '/real.jpg%20', expect: 404 },
  { name: 'upper case', target: '/REAL.JPG', expect: 404 },
  { name: 'alternate data stream', target: '/real.jpg::$DATA', expect: 404 },
  { name: 'fragment', target: '/real.jpg#x', expect: 400 },
  { name: 'encoded query', target: '/real.jpg%3Fx', expect: 404 },
];

const characters: readonly HostileTarget[] = [
  { name: 'encoded NUL', target: '/real.jpg%00.png', expect: 400 },
  { name: 'raw NUL', target: '/real.jpg\0.png', expect: 400 },
  { name: 'raw tab', target: '/real.jpg\t', expect: 400 },
  { name: 'raw space', target: '/real .jpg', expect: 400 },
  { name: 'encoded line break', target: '/real.jpg%0d%0aSet-Cookie:%20a=b', expect: 400 },
  { name: 'encoded DEL', target: '/real%7f.jpg', expect: 400 },
  { name: 'encoded C1 control character', target: '/real%c2%85.jpg', expect: 400 },
  { name: 'raw UTF-8', target: '/caf\xc3\xa9.jpg', expect: 400 },
  { name: 'invalid UTF-8', target: '/%ff%fe.jpg', expect: 400 },
  { name: 'cut UTF-8', target: '/%e2%82.jpg', expect: 400 },
  { name: 'encoded surrogate', target: '/%ed%a0%80.jpg', expect: 400 },
  { name: 'escape that is none', target: '/%zz.jpg', expect: 400 },
  { name: 'cut escape', target: '/real.jpg%2', expect: 400 },
  { name: 'long segment', target: `/${'a'.repeat(256)}`, expect: 414 },
  { name: 'long segment in bytes, not characters', target: `/${'%C3%A9'.repeat(128)}`, expect: 414 },
  { name: 'long key', target: `/${'folder/'.repeat(150)}x.jpg`, expect: 414 },
  { name: 'very long key', target: `/${'folder/'.repeat(1500)}x.jpg`, expect: 414 },
  { name: 'target beyond every limit', target: `/${'a'.repeat(100_000)}`, expect: [414, 431], mayClose: true },
];

const hidden: readonly HostileTarget[] = [
  { name: 'private prefix', target: '/backups/dumps/x', expect: 404 },
  { name: 'private prefix with a query', target: '/backups/dumps/x?a=b', expect: 404 },
  { name: 'private prefix, encoded', target: '/%62ackups/dumps/x', expect: 404 },
  { name: 'private prefix, wholly encoded', target: '/%62%61%63%6b%75%70%73/dumps/x', expect: 404 },
  { name: 'private prefix, encoded slash', target: '/backups%2fdumps%2fx', expect: 400 },
  { name: 'private prefix, doubly encoded', target: '/%2562ackups/dumps/x', expect: 400 },
  { name: 'private prefix, double slash', target: '//backups/dumps/x', expect: 400 },
  { name: 'private prefix, dot segment', target: '/./backups/dumps/x', expect: 400 },
  { name: 'private prefix, HEAD', method: 'HEAD', target: '/backups/dumps/x', expect: 404 },
  { name: 'private prefix, range', target: '/backups/dumps/x', headers: { Range: 'bytes=0-5' }, expect: 404 },
  { name: 'private prefix on the other host', target: '/system/backups/dumps/x', headers: app, expect: 404 },
  { name: 'second private prefix', target: '/imports/x', expect: 404 },
  { name: 'private prefix itself', target: '/backups', expect: 404 },
  { name: "the bucket's identity", target: '/_upstairs/identity', expect: 404 },
  { name: "the bucket's identity, encoded", target: '/%5fupstairs/identity', expect: 404 },
  { name: "the bucket's identity on the other host", target: '/system/_upstairs/identity', headers: app, expect: 404 },
  { name: 'the reserved folder', target: '/_upstairs', expect: 404 },
  { name: 'dot-file', target: '/.secret', expect: 404 },
  { name: 'encoded dot-file', target: '/%2esecret', expect: 404 },
  { name: 'dot-folder', target: '/a/.git/config', expect: 404 },
  { name: 'mode 0600', target: '/private-0600.jpg', expect: 404 },
  { name: 'mode 0600 with a true condition', target: '/private-0600.jpg', headers: { 'If-Match': '*' }, expect: 404 },
  { name: 'the root', target: '/', expect: 404 },
  { name: 'the listing of a bucket', target: '/?max-keys=1', expect: 404 },
];

const notFiles: readonly HostileTarget[] = [
  { name: 'FIFO', target: '/fifo.jpg', expect: 404 },
  { name: 'FIFO, HEAD', method: 'HEAD', target: '/fifo.jpg', expect: 404 },
  { name: 'unix socket', target: '/sock.jpg', expect: 404 },
  { name: 'folder', target: '/dir', expect: 404 },
  { name: 'folder with a slash', target: '/dir/', expect: 404 },
  { name: 'link out of the root', target: '/link-out.jpg', expect: 404 },
  { name: 'file behind a linked folder', target: '/linkdir/secret.txt', expect: 404 },
  { name: 'linked folder', target: '/linkdir', expect: 404 },
  { name: 'link within the root', target: '/link-in.jpg', expect: 404 },
  { name: 'file behind a folder linked within the root', target: '/linkdir-in/inside.jpg', expect: 404 },
  { name: 'link to itself', target: '/link-loop.jpg', expect: 404 },
  { name: 'dangling link', target: '/link-dangling.jpg', expect: 404 },
];

const hosts: readonly HostileTarget[] = [
  { name: 'unknown host', target: '/real.jpg', headers: { Host: 'evil.test' }, expect: noSuchHost },
  { name: 'host that ends like ours', target: '/real.jpg', headers: { Host: 'evil-files.test' }, expect: noSuchHost },
  { name: 'host that begins like ours', target: '/real.jpg', headers: { Host: 'files.test.evil' }, expect: noSuchHost },
  { name: 'two hosts in one', target: '/real.jpg', headers: { Host: 'files.test, evil.test' }, expect: 400 },
  { name: 'userinfo in the host', target: '/real.jpg', headers: { Host: 'a@files.test' }, expect: 400 },
  { name: 'path in the host', target: '/real.jpg', headers: { Host: 'files.test/x' }, expect: 400 },
  { name: 'absolute target, other host', target: 'http://evil.test/real.jpg', expect: noSuchHost },
  { name: 'absolute target, userinfo', target: 'http://a@files.test/real.jpg', expect: 400 },
  { name: 'absolute target, no host', target: 'http:///real.jpg', expect: malformed },
  { name: 'absolute target, dot-dot', target: 'http://files.test/../secret.txt', expect: 400 },
  { name: 'absolute target, private', target: 'http://files.test/backups/dumps/x', expect: 404 },
  { name: 'absolute target, other scheme', target: 'ftp://files.test/real.jpg', expect: malformed },
  { name: 'file scheme', target: 'file:///etc/passwd', expect: malformed },
  { name: 'asterisk', target: '*', expect: malformed },
  { name: 'path without a slash', target: 'real.jpg', expect: malformed },
  raw('no host', 'GET /real.jpg HTTP/1.1\r\nConnection: close\r\n\r\n', 400),
  raw('empty host', 'GET /real.jpg HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', [400, ...noSuchHost]),
  raw('HTTP/1.0 without a host', 'GET /real.jpg HTTP/1.0\r\n\r\n', [400, ...noSuchHost]),
  raw('two hosts', 'GET /real.jpg HTTP/1.1\r\nHost: files.test\r\nHost: evil.test\r\nConnection: close\r\n\r\n', 400),
  raw(
    'two hosts, ours last',
    'GET /real.jpg HTTP/1.1\r\nHost: evil.test\r\nHost: files.test\r\nConnection: close\r\n\r\n',
    [400, ...noSuchHost],
  ),
];

const methods: readonly HostileTarget[] = [
  ...['PUT', 'DELETE', 'PATCH', 'TRACE'].map((method) => ({ name: method, method, target: '/real.jpg', expect: 405 })),
  { name: 'POST', method: 'POST', target: '/real.jpg', headers: { 'Content-Length': '0' }, expect: 405 },
  { name: 'PROPFIND', method: 'PROPFIND', target: '/real.jpg', expect: [404, 405] },
  { name: 'CONNECT', method: 'CONNECT', target: 'files.test:443', expect: [400, 404, 405], mayClose: true },
  { name: 'unknown method', method: 'STEAL', target: '/real.jpg', expect: [400, 405] },
  { name: 'method in lower case', method: 'get', target: '/real.jpg', expect: [400, 405] },
  {
    name: 'method override',
    method: 'POST',
    target: '/real.jpg',
    headers: { 'X-HTTP-Method-Override': 'GET', 'Content-Length': '0' },
    expect: 405,
  },
];

const framing: readonly HostileTarget[] = [
  raw(
    'Transfer-Encoding and Content-Length',
    'GET /missing.jpg HTTP/1.1\r\nHost: files.test\r\nContent-Length: 45\r\nTransfer-Encoding: chunked\r\n\r\n' +
      '0\r\n\r\nGET /backups/dumps/x HTTP/1.1\r\nX: y\r\n\r\n',
    400,
  ),
  { name: 'chunked, but not last', target: '/real.jpg', headers: { 'Transfer-Encoding': 'chunked, x' }, expect: 400 },
  { name: 'chunked in a guise', target: '/real.jpg', headers: { 'Transfer-Encoding': 'xchunked' }, expect: 400 },
  raw(
    'two lengths',
    'GET /real.jpg HTTP/1.1\r\nHost: files.test\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n',
    400,
  ),
  { name: 'negative length', target: '/real.jpg', headers: { 'Content-Length': '-1' }, expect: 400 },
  { name: 'length with a sign', target: '/real.jpg', headers: { 'Content-Length': '+0' }, expect: 400 },
  raw('space before a colon', 'GET /real.jpg HTTP/1.1\r\nHost : files.test\r\n\r\n', 400),
  raw('bare carriage return', 'GET /real.jpg HTTP/1.1\r\nHost: files.test\rX: y\r\n\r\n', 400),
  raw('header without a colon', 'GET /real.jpg HTTP/1.1\r\nHost: files.test\r\nnonsense\r\n\r\n', 400),
  raw('unknown version', 'GET /real.jpg HTTP/9.9\r\nHost: files.test\r\n\r\n', [400, 505]),
  raw('not HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400),
  { name: 'control byte in a header', target: '/real.jpg', headers: { 'X-A': 'a\x01b' }, expect: 400 },
  { name: 'NUL in a header', target: '/real.jpg', headers: { 'X-A': 'a\0b' }, expect: 400 },
  { name: 'huge header', target: '/real.jpg', headers: { 'X-A': 'a'.repeat(100_000) }, expect: 431, mayClose: true },
  { name: 'many headers', target: '/real.jpg', headers: manyHeaders(5000), expect: 431, mayClose: true },
  { name: 'expectation that is none', target: '/real.jpg', headers: { Expect: 'nonsense' }, expect: 417 },
];

const conditions: readonly HostileTarget[] = [
  { name: 'range past the end', target: '/real.jpg', headers: { Range: 'bytes=99999-' }, expect: 416 },
  { name: 'range of no bytes', target: '/real.jpg', headers: { Range: 'bytes=-0' }, expect: 416 },
  { name: 'absurd range', target: '/real.jpg', headers: { Range: `bytes=${'9'.repeat(5000)}-` }, expect: 416 },
  { name: 'range of what is missing', target: '/missing.jpg', headers: { Range: 'bytes=0-1' }, expect: 404 },
  { name: 'false If-Match', target: '/real.jpg', headers: { 'If-Match': '"nope"' }, expect: 412 },
  { name: 'malformed If-Match', target: '/real.jpg', headers: { 'If-Match': '"a' }, expect: 412 },
  {
    name: 'If-Unmodified-Since before the web',
    target: '/real.jpg',
    headers: { 'If-Unmodified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' },
    expect: 412,
  },
];

export const hostileTargets: readonly HostileTarget[] = [
  ...traversal,
  ...aliases,
  ...characters,
  ...hidden,
  ...notFiles,
  ...hosts,
  ...methods,
  ...framing,
  ...conditions,
];

function raw(name: string, bytes: string, expect: number | readonly number[]): HostileTarget {
  const target = bytes.split(' ')[1] ?? '';
  return { name, target, raw: bytes, expect };
}

function manyHeaders(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`X-${index}`, 'a']));
}
