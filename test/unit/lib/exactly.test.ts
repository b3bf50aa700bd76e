import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { exactly } from '../../../src/lib/exactly.ts';

describe('a body of announced length', () => {
  test('passes when it is as long as announced', async () => {
    expect(String(await buffer(exactly(Readable.from([Buffer.from('ab'), Buffer.from('c')]), 3)))).toBe('abc');
    expect((await buffer(exactly(Readable.from([]), 0))).length).toBe(0);
  });

  test.each([
    ['short', 4],
    ['long', 2],
  ])('breaks when it is too %s', async (_what, size) => {
    await expect(buffer(exactly(Readable.from([Buffer.from('abc')]), size))).rejects.toMatchObject({
      code: 'LENGTH_MISMATCH',
    });
  });

  test('breaks with the error that broke it', async () => {
    const body = new Readable({ read() {} });
    const reading = buffer(exactly(body, 3));
    body.destroy(new Error('reset'));
    await expect(reading).rejects.toThrow('reset');
  });

  test('lets go of the connection when its reader leaves', async () => {
    const body = new Readable({ read() {} });
    const stream = exactly(body, 3);
    stream.destroy();
    await new Promise((resolve) => body.once('close', resolve));
    expect(body.destroyed).toBe(true);
  });
});
