import { writeFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stateSpace } from '../../../src/status/state-space.ts';
import { scratch } from '../../support/scratch.ts';

test('the room of the state directory is its file system’s, and each database counts with what is not written into it yet', async () => {
  const dir = scratch('state');
  writeFileSync(join(dir, 'ledger.db'), Buffer.alloc(1000));
  writeFileSync(join(dir, 'ledger.db-wal'), Buffer.alloc(234));
  writeFileSync(join(dir, 'marks.db'), Buffer.alloc(5));
  const { freeBytes, capacityBytes, databases } = await stateSpace(dir);
  expect(databases).toEqual([
    { name: 'marks', bytes: 5 },
    { name: 'ledger', bytes: 1234 },
    { name: 'files', bytes: 0 },
  ]);
  const { blocks, bsize } = await statfs(dir);
  expect(capacityBytes).toBe(blocks * bsize);
  expect(freeBytes).toBeGreaterThan(0);
  expect(freeBytes).toBeLessThanOrEqual(capacityBytes);
});

test('a state directory that is not there is an error, and no empty one', async () => {
  await expect(stateSpace(join(scratch('state'), 'gone'))).rejects.toMatchObject({ code: 'ENOENT' });
});
