import { describe, expect, test } from 'vitest';
import { type Facts, isException, judge } from '../../../src/verify/verdict.ts';
import { above, allAgree, below, content, copied, copyOf, md5, otherMd5, unmarked } from './facts.ts';

const gone = { ...unmarked, below: 'closed', shown: 'gone' } as const;
const replaced = { ...unmarked, below: 'closed', shown: 'public' } as const;
const hidden = { ...unmarked, shown: 'private' } as const;
const read = { kind: 'read', size: 10, md5 } as const;

/** What differs from a file that was copied and agrees with everything, and the verdict: sign, reason, exception. */
type Row = readonly [
  name: string,
  change: Partial<Facts>,
  sign: string,
  reason?: string | undefined,
  excepted?: string,
];

const table: readonly Row[] = [
  ['everything agrees', {}, '='],
  ['a private file that was copied', { mark: hidden }, '='],

  ['nobody copied it', { above: undefined, copy: undefined }, '+', 'not-copied'],
  ['it waits for its turn', { above: undefined, copy: copyOf('wanted') }, '+', 'not-copied'],
  ['the copy was given up', { above: undefined, copy: copyOf('refused') }, '+', 'not-copied'],
  ['the object was removed behind our back', { above: undefined }, '+', 'missing-above'],
  ['what superseded it was removed', { above: undefined, copy: copyOf('superseded') }, '+', 'missing-above'],
  [
    'backfill.skip leaves it below',
    { above: undefined, copy: undefined, skipped: true },
    '+',
    'not-copied',
    'rule-skip',
  ],

  ['rclone put it there', { copy: undefined }, '!', 'unproven'],
  ['rclone put another one there', { copy: undefined, above: { size: 9, md5 } }, '*', 'different'],
  ['superseded by one of the same size', { copy: copyOf('superseded') }, '!', 'unproven'],
  ['superseded by one of another size', { copy: copyOf('superseded'), above: { size: 9, md5 } }, '*', 'different'],
  ['given up, and something is there', { copy: copyOf('refused') }, '!', 'unproven'],
  ['confirmed, and nobody knows of what', { copy: copyOf('copied') }, '!', 'unproven'],

  ['the object was replaced by one of the same size', { above: { size: 10, md5: otherMd5 } }, '*', 'changed-above'],
  ['the object was replaced by a shorter one', { above: { size: 9, md5: otherMd5 } }, '*', 'changed-above'],
  ['the store tells no MD5', { above: { size: 10, md5: undefined } }, '!', 'no-md5-above'],
  ['the file grew', { below: { ...below, size: 11 } }, '*', 'changed-below'],
  ['the file was written again, same size', { below: { ...below, mtimeUs: below.mtimeUs + 1 } }, '!', 'changed-below'],
  ['file and object grew alike', { below: { ...below, size: 11 }, above: { size: 11, md5 } }, '!', 'changed-below'],
  ['another source had it too', { below: { ...below, source: 'second' } }, '!', 'other-source'],
  ['another source had another', { below: { ...below, source: 'second', size: 5 } }, '*', 'other-source'],
  ['the ledger knows no time', { copy: copyOf('copied', { ...content, mtimeUs: undefined }) }, '!', 'changed-below'],
  [
    'a web server tells seconds alone',
    { wholeSeconds: true, copy: copyOf('copied', { ...content, mtimeUs: 1_614_834_367_000_000 }) },
    '=',
  ],
  [
    'a disk tells more than seconds',
    { copy: copyOf('copied', { ...content, mtimeUs: 1_614_834_367_000_000 }) },
    '!',
    'changed-below',
  ],

  ['deleted, and gone', { mark: gone, above: undefined }, '+', undefined, 'mark-gone'],
  ['deleted, and still there', { mark: gone }, '!', 'deleted-still-above'],
  ['deleted, skipped, and still there', { mark: gone, skipped: true }, '!', 'deleted-still-above'],
  [
    'replaced by a client',
    { mark: replaced, above: { size: 3, md5: otherMd5 } },
    '*',
    'changed-above',
    'mark-replaced',
  ],
  ['replaced by a client, and lost', { mark: replaced, above: undefined }, '+', 'replaced-missing'],
  ['a change is under way', { mark: { ...unmarked, unsettled: true } }, '!', 'unsettled'],
  ['private, and everybody can read it', { mark: hidden, exposed: true }, '!', 'exposed'],
  ['the store did not answer', { unanswered: '500' }, '!', 'store-unanswered'],

  ['the object reads as it should', { download: read }, '='],
  ['the object went bad', { download: { ...read, md5: otherMd5 } }, '*', 'corrupt-above'],
  ['the object is cut short', { download: { ...read, size: 4 } }, '*', 'corrupt-above'],
  ['the object is listed, and cannot be had', { download: { kind: 'missing' } }, '+', 'missing-above'],
  ['its bytes do not come', { download: { kind: 'failed', detail: '500' } }, '!', 'store-unanswered'],
  ['no MD5 is told, and its bytes are right', { above: { size: 10, md5: undefined }, download: read }, '='],
  [
    'no MD5 is told, and its bytes are wrong',
    { above: { size: 10, md5: undefined }, download: { ...read, md5: otherMd5 } },
    '*',
    'changed-above',
  ],
  ["a client's object went bad", { mark: replaced, download: { ...read, md5: otherMd5 } }, '*', 'corrupt-above'],

  ['the file reads as it should', { disk: read }, '='],
  ['rclone put it there, and it is the same', { copy: undefined, disk: read }, '='],
  ['another source has the same', { below: { ...below, source: 'second' }, disk: read }, '='],
  ['touched, and still the same', { below: { ...below, mtimeUs: 1 }, disk: read }, '='],
  ['changed with size and mtime as they were', { disk: { ...read, md5: otherMd5 } }, '*', 'changed-below'],
  ['truncated since the scan', { disk: { ...read, size: 4, md5: otherMd5 } }, '*', 'changed-below'],
  ['rclone put another one there, same size', { copy: undefined, disk: { ...read, md5: otherMd5 } }, '*', 'different'],
  ['no MD5 above, file read', { above: { size: 10, md5: undefined }, disk: read }, '!', 'no-md5-above'],
  ['no MD5 above, both read', { above: { size: 10, md5: undefined }, disk: read, download: read }, '='],
  ['both read and different', { disk: { ...read, md5: otherMd5 }, download: read }, '*', 'changed-below'],
  ['deleted below since the scan, and whole above', { disk: { kind: 'gone' } }, '-', 'gone-below'],
  ['deleted below, and never proven', { copy: undefined, disk: { kind: 'gone' } }, '!', 'gone-below'],
  ['deleted below, and not above', { above: undefined, disk: { kind: 'gone' } }, '!', 'gone-below'],
  ['bad sectors since the copy', { disk: { kind: 'damaged', detail: 'EIO' } }, '!', 'damaged-below'],
  ['not readable by us', { disk: { kind: 'unreadable', detail: '' } }, '!', 'unreadable-below'],
  ['the disk hangs', { disk: { kind: 'unavailable', detail: 'timeout' } }, '!', 'source-unavailable'],

  ['only above', { below: undefined, copy: undefined }, '-'],
  ['moved, and cleared away below', { below: undefined }, '-'],
  ['moved, cleared away below, and lost above', { below: undefined, above: undefined }, '!', 'lost'],
  ['deleted, never below, still above', { below: undefined, mark: gone }, '!', 'deleted-still-above'],
];

describe('the verdict', () => {
  test.each(table.map((row) => [row[0], row] as const))('%s', (_name, [, change, sign, reason, excepted]) => {
    const verdict = judge({ ...allAgree, ...change });
    expect([verdict?.sign, verdict?.reason, verdict?.excepted]).toEqual([sign, reason, excepted]);
  });

  test.each([
    ['wanted, and nothing of it anywhere', { below: undefined, above: undefined, copy: copyOf('wanted') }],
    ['deleted, and nowhere', { below: undefined, above: undefined, mark: gone }],
  ] satisfies [string, Partial<Facts>][])('nothing is said of a key that is %s', (_name, change) => {
    expect(judge({ ...allAgree, ...change })).toBeUndefined();
  });

  test('why a copy was given up is said', () => {
    const copy = { ...copyOf('refused'), reason: 'damaged' as const, detail: 'EIO at byte 4096' };
    expect(judge({ ...allAgree, above: undefined, copy })?.detail).toBe('damaged: EIO at byte 4096');
  });
});

const belows = [undefined, below, { ...below, size: 11 }, { ...below, mtimeUs: 5 }, { ...below, source: 'second' }];
const aboves = [undefined, above, { size: 10, md5: otherMd5 }, { size: 10, md5: undefined }, { size: 11, md5 }];
const copies = [
  undefined,
  copyOf('wanted'),
  copyOf('refused', content),
  copyOf('superseded', content),
  copied,
  copyOf('copied'),
  copyOf('copied', { ...content, md5: otherMd5 }),
  copyOf('copied', { ...content, size: 11 }),
  copyOf('copied', { ...content, mtimeUs: undefined }),
  copyOf('copied', { ...content, source: undefined }),
];
const marks = [
  unmarked,
  hidden,
  { ...unmarked, shown: 'public' } as const,
  gone,
  replaced,
  { ...hidden, unsettled: true },
];
const disks: Facts['disk'][] = [
  undefined,
  read,
  { ...read, md5: otherMd5 },
  { ...read, size: 11 },
  { kind: 'gone' },
  { kind: 'damaged', detail: '' },
  { kind: 'unavailable', detail: '' },
];
const downloads: Facts['download'][] = [
  undefined,
  read,
  { ...read, md5: otherMd5 },
  { ...read, size: 11 },
  { kind: 'missing' },
  { kind: 'failed', detail: '' },
];

/** Every combination of them. */
function* everything(): Generator<Facts> {
  for (const b of belows)
    for (const a of aboves)
      for (const copy of copies)
        for (const mark of marks)
          for (const disk of b ? disks : [undefined])
            for (const download of a ? downloads : [undefined])
              for (const more of [
                {},
                { skipped: true },
                { exposed: true },
                { unanswered: '500' },
                { wholeSeconds: true },
              ])
                yield { ...allAgree, below: b, above: a, copy, mark, disk, download, ...more };
}

/** Broken rules, each with the facts; one test for all, since there are hundreds of thousands of combinations. */
function broken(rule: (facts: Facts, verdict: NonNullable<ReturnType<typeof judge>>) => boolean): Facts[] {
  const found: Facts[] = [];
  for (const facts of everything()) {
    const verdict = judge(facts);
    if (verdict && !rule(facts, verdict)) found.push(facts);
    if (found.length > 2) break;
  }
  return found;
}

describe('in every combination of facts', () => {
  test('= is never said unless all that is known agrees, and enough is known', () => {
    const equal = ({ below: b, above: a, copy, mark, disk, download, exposed, unanswered, wholeSeconds }: Facts) => {
      if (!a || !b || exposed || unanswered !== undefined || mark.shown === 'gone' || mark.unsettled) return false;
      const bytes = download?.kind === 'read' ? download : undefined;
      if (download && (!bytes || bytes.size !== a.size || (a.md5 !== undefined && bytes.md5 !== a.md5))) return false;
      const known = bytes?.md5 ?? a.md5;
      if (known === undefined) return false;
      if (disk) return disk.kind === 'read' && disk.md5 === known && disk.size === a.size;
      const row = copy?.status === 'copied' ? copy.content : undefined;
      const unit = wholeSeconds ? 1e6 : 1;
      return (
        row !== undefined &&
        row.size === b.size &&
        row.size === a.size &&
        row.md5 === known &&
        (row.source ?? b.source) === b.source &&
        row.mtimeUs !== undefined &&
        Math.floor(row.mtimeUs / unit) === Math.floor(b.mtimeUs / unit)
      );
    };
    expect(broken((facts, { sign }) => (sign === '=') === (sign === '=' && equal(facts)))).toEqual([]);
    // And where all that is so, and nobody else put it there on purpose, it is said.
    expect(broken((facts, { sign }) => !equal(facts) || sign === '=')).toEqual([]);
  });

  test('what was deleted and is above is always an exception', () => {
    const stays = (facts: Facts) => facts.mark.shown === 'gone' && facts.above && facts.download?.kind !== 'missing';
    expect(broken((facts, verdict) => !stays(facts) || isException(verdict))).toEqual([]);
  });

  test('a file that is not above is let go for a mark or a rule alone', () => {
    expect(
      broken((facts, verdict) => {
        const missing = facts.below && (!facts.above || facts.download?.kind === 'missing');
        return !missing || isException(verdict) || facts.mark.shown === 'gone' || facts.skipped;
      }),
    ).toEqual([]);
  });

  test('a file that is still below is never counted as only above', () => {
    expect(broken((facts, { sign }) => sign !== '-' || !facts.below || facts.disk?.kind === 'gone')).toEqual([]);
  });

  test('what is excepted is so by a mark or a rule, and never because the store did not answer', () => {
    expect(
      broken(({ mark, skipped, unanswered }, { excepted }) => {
        if (excepted === undefined) return true;
        if (excepted === 'rule-skip') return skipped;
        return mark.below === 'closed' && unanswered === undefined;
      }),
    ).toEqual([]);
  });

  test('only what is equal or only above has no reason and no exception', () => {
    expect(broken((_facts, { sign, reason, excepted }) => '=-'.includes(sign) || !!reason || !!excepted)).toEqual([]);
  });
});
