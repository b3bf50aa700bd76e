import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KeyProblem, keyProblem, parseKey, statusOf } from '../../../src/media/key.ts';

const mastodonKey = 'media_attachments/files/109/412/345/678/901/234/original/8f3c0d1e2a4b5c6d.jpg';

const accepted: readonly (readonly [path: string, key: string])[] = [
  [mastodonKey, mastodonKey],
  ['a', 'a'],
  ['%61b', 'ab'],
  ['a%20b.jpg', 'a b.jpg'],
  ['a+b.jpg', 'a+b.jpg'],
  ['a%3Fb%23c.jpg', 'a?b#c.jpg'],
  ['caf%C3%A9.jpg', 'café.jpg'],
  ['cafe%CC%81.jpg', 'cafe\u0301.jpg'],
  ['%F0%9F%98%80.png', '😀.png'],
  ['100%25.jpg', '100%.jpg'],
  ['a..b/c...', 'a..b/c...'],
  ['_upstairs.jpg', '_upstairs.jpg'],
  ['a/_upstairs/b', 'a/_upstairs/b'],
  ['a:b/$x;y=1,z@{w}|~', 'a:b/$x;y=1,z@{w}|~'],
  ['s'.repeat(255), 's'.repeat(255)],
  [`${'s'.repeat(255)}/`.repeat(4).slice(0, -1), `${'s'.repeat(255)}/`.repeat(4).slice(0, -1)],
];

const refused: readonly (readonly [path: string, reason: KeyProblem, status: number])[] = [
  ['', 'empty', 404],
  ['a%', 'bad-escape', 400],
  ['a%2', 'bad-escape', 400],
  ['a%zz', 'bad-escape', 400],
  ['%u002e%u002e', 'bad-escape', 400],
  ['a b', 'bad-character', 400],
  ['caf\u00e9', 'bad-character', 400],
  ['a\0b', 'bad-character', 400],
  ['a%00b', 'bad-character', 400],
  ['a%0d%0ab', 'bad-character', 400],
  ['a%7Fb', 'bad-character', 400],
  ['a%C2%85b', 'bad-character', 400],
  ['a\\b', 'bad-character', 400],
  ['a%5cb', 'bad-character', 400],
  ['a%2Fb', 'bad-character', 400],
  ['..%2f..%2fetc', 'bad-character', 400],
  ['a?b', 'bad-character', 400],
  ['a#b', 'bad-character', 400],
  ['%c0%ae%c0%ae/x', 'bad-utf8', 400],
  ['%e0%80%af', 'bad-utf8', 400],
  ['%ff.jpg', 'bad-utf8', 400],
  ['%ED%A0%80', 'bad-utf8', 400],
  ['%F4%90%80%80', 'bad-utf8', 400],
  ['%C3', 'bad-utf8', 400],
  ['%EF%BF%BD.jpg', 'bad-utf8', 400],
  ['%252e%252e/x', 'double-encoded', 400],
  ['backups%252Fdumps', 'double-encoded', 400],
  ['/a', 'empty-segment', 400],
  ['a//b', 'empty-segment', 400],
  ['a//', 'empty-segment', 400],
  ['/', 'empty-segment', 400],
  ['a/', 'trailing-slash', 404],
  ['.', 'dot-segment', 400],
  ['..', 'dot-segment', 400],
  ['a/./b', 'dot-segment', 400],
  ['a/../b', 'dot-segment', 400],
  ['a/%2e%2E/b', 'dot-segment', 400],
  ['a/.%2e', 'dot-segment', 400],
  ['.secret', 'dot-file', 404],
  ['%2esecret', 'dot-file', 404],
  ['a/.git/config', 'dot-file', 404],
  ['...', 'dot-file', 404],
  ['_upstairs', 'reserved', 404],
  ['_upstairs/identity', 'reserved', 404],
  ['%5fupstairs/identity', 'reserved', 404],
  ['s'.repeat(256), 'too-long', 414],
  ['%C3%A9'.repeat(128), 'too-long', 414],
  [`${'seg/'.repeat(256)}x`, 'too-long', 414],
  ['a'.repeat(100_000), 'too-long', 414],
];

describe('the key of a path', () => {
  it.each(accepted)('%s is served', (path, key) => {
    expect(parseKey(path)).toEqual({ ok: true, key });
  });

  it.each(refused)('%j is refused: %s, %i', (path, reason, status) => {
    expect(parseKey(path)).toEqual({ ok: false, reason });
    expect(statusOf(reason)).toBe(status);
  });

  it('refuses a name that was read from a disk with bytes that are not UTF-8', () => {
    expect(keyProblem(Buffer.from([0x61, 0xff]).toString())).toBe('bad-utf8');
    expect(keyProblem('a\ud800')).toBe('bad-utf8');
  });

  it('round-trips for every valid key', () => {
    fc.assert(
      fc.property(validKey, (key) => {
        expect(parseKey(encode(key))).toEqual({ ok: true, key });
        expect(parseKey(encodeEverything(key))).toEqual({ ok: true, key });
      }),
    );
  });

  it('never names anything but the file at root + key', () => {
    fc.assert(
      fc.property(hostilePath, (path) => {
        const parsed = parseKey(path);
        fc.pre(parsed.ok);
        const { key } = parsed;
        expect(posix.join('/root', key)).toBe(`/root/${key}`);
        expect(posix.resolve('/root', key)).toBe(`/root/${key}`);
        expect(key.split('/').some((segment) => segment === '' || segment.startsWith('.'))).toBe(false);
        expect(key).not.toMatch(/[\p{Cc}\\]/u);
        expect(keyProblem(key)).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it('gives a stable answer to what it has decoded: no second decode finds another key', () => {
    fc.assert(
      fc.property(hostilePath, (path) => {
        const parsed = parseKey(path);
        fc.pre(parsed.ok);
        expect(lenientDecode(parsed.key)).toBe(parsed.key);
      }),
      { numRuns: 2000 },
    );
  });

  it('answers whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (path) => {
        expect(typeof parseKey(path).ok).toBe('boolean');
      }),
    );
  });
});

const validKey = fc
  .array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 6 })
  .map((segments) => segments.join('/'))
  .filter((key) => keyProblem(key) === undefined);

const hostilePath = fc
  .array(
    fc.oneof(
      fc.constantFrom('.', '..', '/', '//', '%2e', '%2F', '%5c', '\\', '%00', '%25', '%c0%ae', '%', '_upstairs'),
      fc.constantFrom('a', 'b', 'media', '%61', '%C3%A9', '/a', '/b.jpg'),
      fc.string({ maxLength: 3 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

function encode(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}

function encodeEverything(key: string): string {
  return [...Buffer.from(key)].map((byte) => (byte === 0x2f ? '/' : `%${byte.toString(16).padStart(2, '0')}`)).join('');
}

/** Decodes like a server that leaves alone what it cannot decode. */
function lenientDecode(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
