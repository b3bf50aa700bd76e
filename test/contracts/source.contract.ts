import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Source, SourceAnswer, SourceObject } from '../../src/sources/source.ts';
import { eventually } from '../support/eventually.ts';

/** A source with a way to put things into it. */
export interface SourceFixture extends AsyncDisposable {
  readonly source: Source;
  /** Stores an object; a second call for a key changes the object in place. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Descriptors or connections that the source holds now. */
  held(): number;
}

export const never: AbortSignal = new AbortController().signal;

/** The object, or a failure that shows what came instead. */
export function objectOf(answer: SourceAnswer): SourceObject {
  if (answer.kind !== 'found') throw new Error(`expected an object, got ${JSON.stringify(answer)}`);
  return answer.object;
}

/** Bytes in which no two positions near each other look alike. */
export function pattern(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + (i >> 16)) & 0xff;
  return bytes;
}

/** What every source owes its readers. */
export function sourceContract(name: string, makeFixture: () => Promise<SourceFixture>): void {
  describe(`${name} as a source`, () => {
    const key = 'media_attachments/files/109/412/original/ab12.jpg';
    const bytes = pattern(700_000);
    let fixture: SourceFixture;

    const open = async (of = key) => objectOf(await fixture.source.open(of, never));
    const everythingIsLetGo = () => eventually(() => fixture.held() === 0, { everyMs: 2 });

    beforeAll(async () => {
      fixture = await makeFixture();
      await fixture.put(key, bytes);
      await fixture.put('empty.png', new Uint8Array());
    });
    afterAll(() => fixture[Symbol.asyncDispose]());

    test('gives the bytes of an object, all of them and unchanged', async () => {
      const object = await open();
      expect(bytes.equals(await buffer(object.read()))).toBe(true);
      object.close();
    });

    test('knows the size before the first byte is read', async () => {
      const object = await open();
      expect(object.meta.size).toBe(bytes.length);
      object.close();
    });

    test('serves an empty object as an empty object', async () => {
      const object = await open('empty.png');
      expect(object.meta.size).toBe(0);
      expect((await buffer(object.read())).length).toBe(0);
      object.close();
    });

    test('gives exactly the range that was asked for', async () => {
      const object = await open();
      await fc.assert(
        fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(bytes.length - 1), async (a, b) => {
          const [first, last] = a < b ? [a, b] : [b, a];
          return bytes.subarray(first, last + 1).equals(await buffer(object.read({ first, last })));
        }),
        {
          numRuns: 40,
          examples: [[0, 0] as [number, number], [bytes.length - 1, bytes.length - 1], [262_143, 262_144]],
        },
      );
      object.close();
    });

    test('lets several readers read one object at once, each at its own pace', async () => {
      const object = await open();
      const slow = object.read();
      const half = { first: 350_000, last: bytes.length - 1 };
      const [whole, tail] = await Promise.all([buffer(object.read()), buffer(object.read(half))]);
      expect(bytes.equals(whole)).toBe(true);
      expect(bytes.subarray(350_000).equals(tail)).toBe(true);
      expect(bytes.equals(await buffer(slow))).toBe(true);
      object.close();
    });

    test('answers "missing" for a name that is not there', async () => {
      expect(await fixture.source.open('media_attachments/files/000/none.jpg', never)).toEqual({ kind: 'missing' });
    });

    test('answers "missing" for the folder that an object is in', async () => {
      expect(await fixture.source.open('media_attachments/files', never)).toEqual({ kind: 'missing' });
    });

    test('answers "missing" for a name below an object', async () => {
      expect(await fixture.source.open(`${key}/more.jpg`, never)).toEqual({ kind: 'missing' });
    });

    test('tells that an object is the one that was opened', async () => {
      const object = await open();
      await buffer(object.read());
      expect(await object.unchanged()).toBe(true);
      object.close();
    });

    test('tells when an object was changed after it was opened', async () => {
      await fixture.put('changing.jpg', pattern(1000));
      const object = await open('changing.jpg');
      await fixture.put('changing.jpg', pattern(2000));
      expect(await object.unchanged()).toBe(false);
      object.close();
    });

    test('throws the abort of a reader who has left already', async () => {
      const left = new Error('left');
      await expect(fixture.source.open(key, AbortSignal.abort(left))).rejects.toBe(left);
      await everythingIsLetGo();
    });

    test('goes on with a stream whose object was closed meanwhile, and then lets go', async () => {
      const object = await open();
      const stream = object.read();
      object.close();
      expect(bytes.equals(await buffer(stream))).toBe(true);
      await everythingIsLetGo();
    });

    test('may be closed twice, while its streams go on', async () => {
      const object = await open();
      const stream = object.read();
      object.close();
      object.close();
      expect((await buffer(stream)).length).toBe(bytes.length);
      await everythingIsLetGo();
    });

    test('holds nothing after an object was closed unread', async () => {
      (await open()).close();
      await everythingIsLetGo();
    });

    test('holds nothing after readers left in the middle', async () => {
      const object = await open();
      const streams = [object.read(), object.read(), object.read({ first: 5, last: 600_000 })];
      for (const stream of streams) {
        for await (const _chunk of stream) break;
        stream.destroy();
      }
      object
        .read()
        .destroy(new Error('before the first byte'))
        .on('error', () => undefined);
      object.close();
      await everythingIsLetGo();
    });

    test('holds nothing after names that lead to nothing', async () => {
      for (const nothing of ['none.jpg', 'media_attachments', `${key}/x`]) await fixture.source.open(nothing, never);
      await everythingIsLetGo();
    });
  });
}
