import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printablePath } from '../../../src/lib/printable-path.ts';

test('text stays as it is, and what could deceive the eye is written out', () => {
  const told = (bytes: string | number[]) => printablePath(Buffer.from(bytes as string));
  expect(told('media/ä ö/\u{1F600}.png')).toBe('media/ä ö/\u{1F600}.png');
  expect(told('a\nb\\c\u202Ed\u00a0e')).toBe(String.raw`a\x0ab\x5cc\xe2\x80\xaed\xc2\xa0e`);
  expect(told([0x61, 0xe4, 0x62, 0xff, 0xe2, 0x82])).toBe(String.raw`a\xe4b\xff\xe2\x82`);
  expect(told('\uFFFD')).toBe(String.raw`\xef\xbf\xbd`);
});

test('two paths never look the same, and none breaks its line', () => {
  const bytes = () => fc.uint8Array({ maxLength: 6 });
  fc.assert(
    fc.property(bytes(), bytes(), (a, b) => {
      if (Buffer.compare(a, b) !== 0) expect(printablePath(a)).not.toBe(printablePath(b));
      expect(printablePath(a)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
    }),
  );
});
