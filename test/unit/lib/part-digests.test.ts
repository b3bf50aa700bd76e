import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PartDigests } from '../../../src/lib/part-digests.ts';
import { mostObjectBytes, partBytesFor } from '../../../src/lib/part-size.ts';

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');
const mib = 2 ** 20;

describe('digests of a whole and its parts', () => {
  test('are those of the bytes, however they come', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.integer({ min: 1, max: 50 }), (chunks, bytes) => {
        const digests = new PartDigests(bytes);
        for (const chunk of chunks) digests.update(Buffer.from(chunk));
        const whole = Buffer.concat(chunks);
        const md5s: string[] = [];
        for (let at = 0; at < whole.length; at += bytes) md5s.push(md5(whole.subarray(at, at + bytes)));
        expect(digests.digests()).toEqual({ md5: md5(whole), parts: { bytes, md5s } });
      }),
    );
  });

  test('have no parts where none are asked for', () => {
    const digests = new PartDigests();
    digests.update(Buffer.from('picture'));
    expect(digests.digests()).toEqual({ md5: md5(Buffer.from('picture')) });
  });
});

describe('the parts of an upload', () => {
  test.each([
    [6 * mib, 16 * mib],
    [160_000 * mib, 16 * mib],
    [160_001 * mib, 17 * mib],
    [mostObjectBytes, 525 * mib],
  ])('of %i bytes have %i', (size, expected) => {
    expect(partBytesFor(size)).toBe(expected);
    expect(Math.ceil(size / expected)).toBeLessThanOrEqual(10_000);
  });
});
