import { expect, test } from 'vitest';
import { ProgressLines } from '../../../src/cli/progress-lines.ts';

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
