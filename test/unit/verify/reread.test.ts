import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type Source, type SourceAnswer, SourceReadError } from '../../../src/sources/source.ts';
import { Reread } from '../../../src/verify/reread.ts';

const { signal } = new AbortController();
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

interface Content {
  readonly bytes: () => Readable;
  readonly unchanged?: () => boolean;
}

function source(answers: (key: string, open: number) => Content | Exclude<SourceAnswer, { kind: 'found' }>) {
  const log: string[] = [];
  const opens = new Map<string, number>();
  const made: Source = {
    name: 'disk',
    open: async (key) => {
      log.push(`open ${key}`);
      opens.set(key, (opens.get(key) ?? 0) + 1);
      const answer = answers(key, opens.get(key) ?? 0);
      if ('kind' in answer) return answer;
      return {
        kind: 'found',
        object: {
          meta: { size: 0, mtimeMs: 0, headers: {} },
          mtime: '',
          private: true,
          read: answer.bytes,
          unchanged: async () => answer.unchanged?.() ?? true,
          close: () => log.push(`close ${key}`),
        },
      };
    },
  };
  return { made, log };
}

const text = (content: string) => ({ bytes: () => Readable.from([Buffer.from(content)]) });

function broken(error: Error): Readable {
  return new Readable({
    read() {
      this.push('some');
      this.destroy(error);
    },
  });
}

describe('a file that is read again', () => {
  test('is hashed whole, a private one too, and let go', async () => {
    const { made, log } = source(() => text('bytes'));
    let came = 0;
    const count = (bytes: number) => {
      came += bytes;
    };
    const reread = new Reread({ source: made, came: count, rest: async () => undefined });
    expect(await reread.read('a', signal)).toEqual({ kind: 'read', size: 5, md5: md5('bytes') });
    expect([came, log]).toEqual([5, ['open a', 'close a']]);
  });

  test('comes after the one before, and after a rest as long as that took', async () => {
    const { made, log } = source((key) => text(key));
    const rests: number[] = [];
    const rest = async (ms: number) => {
      log.push('rest');
      rests.push(ms);
    };
    const reread = new Reread({ source: made, came: () => undefined, rest });
    await Promise.all([reread.read('a', signal), reread.read('b', signal), reread.gone('c', signal)]);
    expect(log.slice(0, 8)).toEqual([
      ...['open a', 'close a', 'rest'],
      ...['open b', 'close b', 'rest'],
      ...['open c', 'close c'],
    ]);
    expect(rests.every((ms) => ms >= 0)).toBe(true);
  });

  test('is read once more where it changed meanwhile, and given up where it goes on changing', async () => {
    const once = source((_key, open) => ({ ...text('bytes'), unchanged: () => open > 1 }));
    const options = { came: () => undefined, rest: async () => undefined };
    expect(await new Reread({ source: once.made, ...options }).read('a', signal)).toMatchObject({ kind: 'read' });
    const always = source(() => ({ ...text('bytes'), unchanged: () => false }));
    expect(await new Reread({ source: always.made, ...options }).read('a', signal)).toMatchObject({
      kind: 'unavailable',
    });
    const cut = source((_key, open) =>
      open === 1 ? { bytes: () => broken(new SourceReadError('CHANGED', 'it ends at byte 4')) } : text('bytes'),
    );
    expect(await new Reread({ source: cut.made, ...options }).read('a', signal)).toMatchObject({ kind: 'read' });
  });

  test.each([
    ['EIO', { kind: 'damaged', detail: 'EIO at byte 4' }],
    ['TIMEOUT', { kind: 'unavailable', detail: 'TIMEOUT at byte 4' }],
  ] as const)('that breaks with %s says so, and is let go', async (code, facts) => {
    const { made, log } = source(() => ({ bytes: () => broken(new SourceReadError(code, `${code} at byte 4`)) }));
    const reread = new Reread({ source: made, came: () => undefined, rest: async () => undefined });
    expect(await reread.read('a', signal)).toEqual(facts);
    expect(log).toEqual(['open a', 'close a']);
  });

  test.each([
    [{ kind: 'missing' }, 'gone'],
    [{ kind: 'private' }, 'unreadable'],
    [{ kind: 'damaged', cause: new Error('EIO') }, 'damaged'],
    [{ kind: 'unavailable', trouble: 'not-mounted' }, 'unavailable'],
  ] as const)('and is not found: %j is %s', async (answer, kind) => {
    const { made } = source(() => answer);
    const reread = new Reread({ source: made, came: () => undefined, rest: async () => undefined });
    expect((await reread.read('a', signal)).kind).toBe(kind);
    expect((await reread.gone('a', signal))?.kind).toBe(kind === 'gone' ? 'gone' : undefined);
  });

  test('an error that nobody expected reaches the caller, and the next one has its turn', async () => {
    const { made } = source((key) => (key === 'a' ? { bytes: () => broken(new Error('a bug')) } : text('b')));
    const reread = new Reread({ source: made, came: () => undefined, rest: async () => undefined });
    const [a, b] = await Promise.allSettled([reread.read('a', signal), reread.read('b', signal)]);
    expect([a.status, b.status]).toEqual(['rejected', 'fulfilled']);
  });
});
