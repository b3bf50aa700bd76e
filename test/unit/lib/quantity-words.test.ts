import { expect, test } from 'vitest';
import { bytesInWords, countInWords, durationInWords, minuteInWords, span } from '../../../src/lib/quantity-words.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [1536, '1.5 kB'],
  [99_949, '99.9 kB'],
  [99_960, '100 kB'],
  [999_499, '999 kB'],
  [999_600, '1.0 MB'],
  [3_200_000_000_000, '3.2 TB'],
])('%i bytes are told as %s', (bytes, words) => {
  expect(bytesInWords(bytes)).toBe(words);
});

test.each([
  [400, '0 s'],
  [89_000, '89 s'],
  [90_000, '2 min'],
  [89 * 60_000, '89 min'],
  [3 * 3_600_000, '3 h'],
  [12_000_000, '3 h 20 min'],
  [71 * 3_600_000, '71 h'],
  [73 * 3_600_000, '3 days'],
])('%i ms are told as %s', (ms, words) => {
  expect(durationInWords(ms)).toBe(words);
});

test.each([
  [0, '0s'],
  [999, '0s'],
  [61_000, '1m 1s'],
  [72 * 3_600_000, '72h'],
  [73 * 3_600_000, '3d 1h'],
  [3_600_001, '1h'],
])('%i ms are told as %s where the configuration has durations', (ms, text) => expect(span(ms)).toBe(text));

test('a count is grouped by thousands, and a moment told to the minute in UTC', () => {
  expect(countInWords(1_234_567)).toBe('1,234,567');
  expect(minuteInWords(Date.UTC(2026, 2, 4, 5, 6, 59))).toBe('2026-03-04 05:06 UTC');
});
