import { expect, test } from 'vitest';
import { scanMany, told } from '../support/scan-of-many.ts';

test('many names take little memory, and little room in the table', { timeout: 300_000 }, async () => {
  const many = await scanMany(100_000);
  console.log(told(many));
  expect(many.first).toMatchObject({ whole: true, findings: 0 });
  expect(many.again).toMatchObject({ whole: true, files: many.first.files, added: 0, changed: 0, vanished: 0 });
  expect(many.peakBytes).toBeLessThan(300e6);
  expect(many.bytesPerFile).toBeLessThanOrEqual(300);
});
