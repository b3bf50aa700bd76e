import { mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { directoryIn, sameDirectory } from '../../../src/sources/directory-identity.ts';
import { scratch } from '../../support/scratch.ts';

const seen = { dev: 1n, ino: 2n, born: 3n };

test.each([
  [{}, true],
  [{ dev: 9n }, false],
  [{ ino: 9n }, false],
  [{ born: 9n }, false],
  // It may be the time of the last change.
  [{ born: 9n, unsure: true }, true],
  [{ ino: 9n, unsure: true }, false],
])('a directory of which %o is other is the same: %s', (change, same) => {
  expect(sameDirectory(seen, { ...seen, ...change })).toBe(same);
  expect(sameDirectory({ ...seen, ...change }, seen)).toBe(same);
});

test('a birth that is also the time of the last change is not sure', () => {
  const stats = { dev: 1n, ino: 2n, birthtimeNs: 5n, ctimeNs: 5n } as Parameters<typeof directoryIn>[0];
  expect(directoryIn(stats)).toMatchObject({ born: 5n, unsure: true });
  expect(directoryIn({ ...stats, ctimeNs: 6n } as typeof stats)).toMatchObject({ born: 5n, unsure: false });
});

test('a real directory stays the same while things happen in it, and another one is another', () => {
  const dir = join(scratch(), 'dir');
  const at = () => directoryIn(statSync(dir, { bigint: true }));
  mkdirSync(dir);
  const before = at();
  writeFileSync(join(dir, 'a'), 'a');
  expect(sameDirectory(before, at())).toBe(true);
  renameSync(dir, `${dir}-away`);
  mkdirSync(dir);
  expect(sameDirectory(before, at())).toBe(false);
});
