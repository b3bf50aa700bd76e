import { assert, asyncProperty, constantFrom, integer, string, uniqueArray } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SourceFile } from '../../../src/ledger/files.ts';
import { compareBytes } from '../../../src/lib/byte-order.ts';
import { joinedKeys } from '../../../src/verify/joined-keys.ts';
import { gathered } from '../../support/gathered.ts';

/** Pages as a store gives them: in order of bytes, after a key. */
function paged<T extends { key: string }>(rows: readonly T[], asked: number[] = []) {
  const sorted = [...rows].sort((a, b) => compareBytes(a.key, b.key));
  return {
    page: async (after: string | undefined, limit: number): Promise<readonly T[]> => {
      asked.push(limit);
      return sorted.filter(({ key }) => after === undefined || compareBytes(key, after) > 0).slice(0, limit);
    },
  };
}

function pagedFiles(files: readonly SourceFile[]) {
  const sorted = [...files].sort((a, b) => compareBytes(a.key, b.key) || compareBytes(a.source, b.source));
  return {
    page: async (after: { key: string; source: string } | undefined, limit: number) =>
      sorted
        .filter(({ key, source }) => {
          if (!after) return true;
          return (compareBytes(key, after.key) || compareBytes(source, after.source)) > 0;
        })
        .slice(0, limit),
  };
}

const file = (key: string, source: string): SourceFile => ({ key, source, size: 1, mtimeUs: 1, mode: 0o644 });
const object = (key: string) => ({ key, size: 1, etag: '' });
const copy = (key: string) => ({
  key,
  status: 'copied' as const,
  ...{ source: undefined, size: undefined, md5: undefined, mtime: undefined, reason: undefined, detail: undefined },
});

/** Names that sort otherwise by UTF-16 than by bytes among them: U+FFFD, and a pair of surrogates. */
const names = string({
  unit: constantFrom('a', 'b', '/', '\u00e9', '\u20ac', '\ue000', '\ufffd', '\u{1f600}', '\u{10ffff}'),
  minLength: 1,
  maxLength: 4,
});
const keys = uniqueArray(names, { maxLength: 30 });

describe('the join of what is below, above and on record', () => {
  test('gives each key once, in order of its bytes, with all that is known of it, however small the pages', async () => {
    await assert(
      asyncProperty(keys, keys, keys, keys, integer({ min: 1, max: 7 }), async (one, two, up, known, pageRows) => {
        const files = pagedFiles([...one.map((key) => file(key, 'one')), ...two.map((key) => file(key, 'two'))]);
        const joined = await gathered(
          joinedKeys({ files, objects: paged(up.map(object)), copies: paged(known.map(copy)), pageRows }),
        );
        const all = [...new Set([...one, ...two, ...up, ...known])];
        expect(joined.map(({ key }) => key)).toEqual(
          all.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
        );
        for (const { key, files: found, object: top, copy: row } of joined) {
          const sources = [...(one.includes(key) ? ['one'] : []), ...(two.includes(key) ? ['two'] : [])];
          expect(found.map(({ source }) => source)).toEqual(sources);
          expect([top?.key, row?.key]).toEqual([
            up.includes(key) ? key : undefined,
            known.includes(key) ? key : undefined,
          ]);
        }
      }),
    );
  });

  test('asks for a page only when the one before is used up', async () => {
    const asked: number[] = [];
    const objects = paged(['a', 'b', 'c', 'd', 'e'].map(object), asked);
    const joined = joinedKeys({ files: pagedFiles([]), objects, copies: paged([]), pageRows: 2 });
    await joined.next();
    await joined.next();
    expect(asked.length).toBe(1);
    await joined.next();
    expect(asked.length).toBe(2);
  });
});
