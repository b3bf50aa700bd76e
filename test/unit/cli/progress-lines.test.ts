import { expect, test } from 'vitest';
import { ProgressLines } from '../../../src/cli/progress-lines.ts';
import { bytesInWords, durationInWords } from '../../../src/cli/quantity-words.ts';

function shown(isTTY: boolean, stepMs: number, steps: number): string[] {
  const written: string[] = [];
  let nowMs = 0;
  const lines = new ProgressLines({ isTTY, write: (text) => written.push(text) }, () => nowMs);
  for (let n = 1; n <= steps; n++) {
    nowMs += stepMs;
    lines.show(() => `step ${n}`);
  }
  lines.end();
  lines.end();
  return written;
}

test('a terminal sees one line that is written over', () => {
  expect(shown(true, 100, 4)).toEqual(['\rstep 2\u001b[K', '\rstep 4\u001b[K', '\n']);
});

test('a log gets a line a minute', () => {
  expect(shown(false, 30_000, 5)).toEqual(['step 2\n', 'step 4\n']);
  expect(shown(false, 100, 20)).toEqual([]);
});

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
])('%i ms are told as %s', (ms, words) => {
  expect(durationInWords(ms)).toBe(words);
});
