import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Announced } from '../../../src/gateway/payload.ts';
import { verifiedBody } from '../../../src/gateway/verified-body.ts';

const digest = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest();

/** What an honest client may announce of these bytes. */
const announcements: Record<string, (bytes: Uint8Array) => Announced> = {
  sha256: (bytes) => ({ size: bytes.length, sha256: digest('sha256', bytes).toString('hex') }),
  md5: (bytes) => ({ size: bytes.length, md5: digest('md5', bytes) }),
  crc32: (bytes) => ({ size: bytes.length, crc32: crc32(bytes) }),
  sha1: (bytes) => ({ size: bytes.length, sha1: digest('sha1', bytes) }),
  checksumSha256: (bytes) => ({ size: bytes.length, checksumSha256: digest('sha256', bytes) }),
};
const all = (bytes: Uint8Array): Announced =>
  Object.assign({}, ...Object.values(announcements).map((announce) => announce(bytes)));

/** The bytes in pieces of any length, empty ones among them. */
const pieces = (bytes: Uint8Array, cuts: number[]): Buffer[] => {
  const at = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...at].map((from, n) => Buffer.from(bytes.subarray(from, at[n] ?? bytes.length)));
};

/** Reads to the end or the error: what was given, and the error's code. */
async function outcome(body: Readable): Promise<{ given: Buffer; code: string | undefined }> {
  const given: Buffer[] = [];
  try {
    for await (const chunk of body) given.push(chunk);
    return { given: Buffer.concat(given), code: undefined };
  } catch (error) {
    return { given: Buffer.concat(given), code: (error as { code?: string }).code };
  }
}

const closed = (stream: Readable) => new Promise((resolve) => stream.once('close', resolve));

const someBytes = fc.uint8Array({ maxLength: 300 });
const someCuts = fc.array(fc.nat(), { maxLength: 6 });

describe('a body on its way to the store', () => {
  test('passes unchanged, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(someBytes, someCuts, async (bytes, cuts) => {
        const { given, code } = await outcome(verifiedBody(Readable.from(pieces(bytes, cuts)), all(bytes)));
        expect(code).toBeUndefined();
        expect(given.equals(bytes)).toBe(true);
      }),
    );
  });

  test.each(Object.entries(announcements))('is never given whole when one bit does not match its %s', async (_, of) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(), someCuts, async (bytes, at, cuts) => {
        const wrong = Uint8Array.from(bytes);
        const bit = at % (bytes.length * 8);
        wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const { given, code } = await outcome(verifiedBody(Readable.from(pieces(wrong, cuts)), of(bytes)));
        expect(code).toBe('sha256' in of(bytes) ? 'XAmzContentSHA256Mismatch' : 'BadDigest');
        expect(given.length).toBeLessThan(bytes.length);
      }),
    );
  });

  test('is never given whole when bytes are missing or too many, digests or not', async () => {
    await fc.assert(
      fc.asyncProperty(someBytes, fc.integer({ min: -300, max: 5 }), someCuts, async (bytes, more, cuts) => {
        fc.pre(more !== 0 && bytes.length + more >= 0);
        const came = Buffer.alloc(bytes.length + more);
        came.set(bytes.subarray(0, came.length));
        for (const announced of [{ size: bytes.length }, all(bytes)]) {
          const { given, code } = await outcome(verifiedBody(Readable.from(pieces(came, cuts)), announced));
          expect(code).toBe('IncompleteBody');
          expect(given.length).toBeLessThan(Math.max(bytes.length, 1));
        }
      }),
    );
  });

  test('without bytes is checked too', async () => {
    const none = Buffer.alloc(0);
    expect(await outcome(verifiedBody(Readable.from([]), all(none)))).toEqual({ given: none, code: undefined });
    const wrong = { ...all(none), md5: digest('md5', Buffer.from('x')) };
    expect((await outcome(verifiedBody(Readable.from([]), wrong))).code).toBe('BadDigest');
  });

  test('is passed on while it comes', async () => {
    const source = new Readable({ read() {} });
    const body = verifiedBody(source, { size: 3 });
    source.push('a');
    source.push('b');
    const [first] = await once(body, 'data');
    expect(String(first)).toBe('a');
    body.destroy();
  });

  test('keeps its last piece until it has ended', async () => {
    const source = new Readable({ read() {} });
    const given: string[] = [];
    const body = verifiedBody(source, { size: 2 }).on('data', (chunk) => given.push(String(chunk)));
    source.push('a');
    source.push('b');
    await once(body, 'data');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(given).toEqual(['a']);
    source.push(null);
    await once(body, 'end');
    expect(given).toEqual(['a', 'b']);
  });

  test.each([
    ['breaks', (source: Readable) => source.destroy(Object.assign(new Error('read'), { code: 'ECONNRESET' }))],
    ['goes away without a word', (source: Readable) => source.destroy()],
  ])('is incomplete when its connection %s', async (_, end) => {
    const source = new Readable({ read() {} });
    const reading = buffer(verifiedBody(source, { size: 3 }));
    source.push('ab');
    end(source);
    await expect(reading).rejects.toMatchObject({ code: 'IncompleteBody', status: 400 });
  });

  test('may break before anybody reads it', async () => {
    const source = new Readable({ read() {} });
    const body = verifiedBody(source, { size: 3 });
    source.destroy(new Error('reset'));
    await closed(body);
    expect((await outcome(body)).code).toBe('IncompleteBody');
  });

  test('lets go of its connection when nobody wants it any more', async () => {
    const source = new Readable({ read() {} });
    verifiedBody(source, { size: 3 }).destroy();
    await closed(source);
    expect(source.destroyed).toBe(true);
  });

  test('is not taken faster than the store takes it', async () => {
    let made = 0;
    const source = Readable.from(
      (function* () {
        for (; made < 1000; made++) yield Buffer.alloc(64 * 1024);
      })(),
      { highWaterMark: 1 },
    );
    const body = verifiedBody(source, { size: 1000 * 64 * 1024 });
    let taken = 0;
    for await (const _ of body) {
      taken++;
      expect(made - taken).toBeLessThan(8);
      if (taken === 100) break;
      await new Promise(setImmediate);
    }
  });
});
