import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';

test('it asks until the answer comes, and says what was wrong if it never does', async () => {
  let asked = 0;
  const third = async () => {
    asked += 1;
    if (asked < 3) throw new Error('not yet');
    return asked;
  };
  expect(await eventually(third, { everyMs: 1 })).toBe(3);
  const never = () => {
    throw new Error('never');
  };
  await expect(eventually(never, { withinMs: 5, everyMs: 1 })).rejects.toThrow('never');
  await expect(eventually(() => false, { withinMs: 5, everyMs: 1 })).rejects.toThrow(/still false/);
});
