import { expect, test } from 'vitest';
import { wholeMove } from '../support/whole-move.ts';

test.each([
  [10_000, 5],
  [100_000, 20],
])('%i files, eight of them bad, move up through %i kills', { timeout: 7_200_000 }, async (files, kills) => {
  const figures = await wholeMove({ files, kills });
  console.log(`whole move: ${figures}`);
  expect(figures).toContain(`${files} files, ${kills} kills`);
});
