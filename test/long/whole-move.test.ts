import { expect, test } from 'vitest';
import { wholeMove } from '../support/whole-move.ts';

test('a hundred thousand files, eight of them bad, move up through twenty kills', { timeout: 7_200_000 }, async () => {
  const figures = await wholeMove({ files: 100_000, kills: 20 });
  console.log(`whole move: ${figures}`);
  expect(figures).toContain('100000 files, 20 kills');
});
