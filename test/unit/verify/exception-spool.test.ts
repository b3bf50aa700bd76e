import { readdirSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { ExceptionSpool } from '../../../src/verify/exception-spool.ts';
import { gathered } from '../../support/gathered.ts';
import { scratch } from '../../support/scratch.ts';

test('what was spooled comes back as it was, in order, as often as it is asked for, and leaves no file behind', async () => {
  const dir = scratch('state');
  const spool = await ExceptionSpool.in<{ n: number; key: string }>(dir);
  onTestFinished(() => spool.close());
  expect(readdirSync(dir)).toEqual([]);
  const records = Array.from({ length: 5000 }, (_, n) => ({ n, key: `${'😀ü'.repeat(n % 50)}\n${n}` }));
  for (const record of records) await spool.add(record);
  expect(spool.count).toBe(5000);
  expect(await gathered(spool.all())).toEqual(records);
  await spool.add({ n: -1, key: 'later' });
  expect((await gathered(spool.all())).length).toBe(5001);
});

test('an empty one gives nothing', async () => {
  const spool = await ExceptionSpool.in(scratch('state'));
  onTestFinished(() => spool.close());
  expect(await gathered(spool.all())).toEqual([]);
});
