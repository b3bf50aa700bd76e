import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareBytes } from '../../../src/lib/byte-order.ts';

const text = fc.string({ unit: 'grapheme' });

test('two texts compare as their UTF-8 bytes do', () => {
  fc.assert(
    fc.property(text, text, text, (start, a, b) => {
      const bytes = Buffer.compare(Buffer.from(start + a), Buffer.from(start + b));
      expect(Math.sign(compareBytes(start + a, start + b))).toBe(bytes);
    }),
  );
});

test('what lies beyond U+FFFF comes last, which JavaScript sees otherwise', () => {
  expect('\u{1f600}' < '\uff5e').toBe(true);
  expect(compareBytes('\u{1f600}', '\uff5e')).toBeGreaterThan(0);
  expect(compareBytes('a\u{10ffff}', 'a\ue000b')).toBeGreaterThan(0);
});
