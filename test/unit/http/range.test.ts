import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentRange, parseRange, rangeHint, unsatisfiedContentRange } from '../../../src/http/range.ts';

const whole = { kind: 'whole' };
const unsatisfiable = { kind: 'unsatisfiable' };
const one = (first: number, last: number) => ({ kind: 'one', range: { first, last } });

describe('a range of an object', () => {
  it.each([
    ['bytes=0-0', one(0, 0)],
    ['bytes=0-9', one(0, 9)],
    ['bytes=3-5', one(3, 5)],
    ['bytes=3-', one(3, 9)],
    ['bytes=3-9999', one(3, 9)],
    ['bytes=9-', one(9, 9)],
    ['bytes=-1', one(9, 9)],
    ['bytes=-10', one(0, 9)],
    ['bytes=-11', one(0, 9)],
    ['bytes=00003-0005', one(3, 5)],
    ['Bytes=3-5', one(3, 5)],
    [`bytes=3-${'9'.repeat(400)}`, one(3, 9)],
    [`bytes=-${'9'.repeat(400)}`, one(0, 9)],
    ['bytes=10-', unsatisfiable],
    ['bytes=10-20', unsatisfiable],
    ['bytes=-0', unsatisfiable],
    [`bytes=${'9'.repeat(400)}-`, unsatisfiable],
    [undefined, whole],
    ['', whole],
    ['bytes', whole],
    ['bytes=', whole],
    ['bytes=-', whole],
    ['bytes=--1', whole],
    ['bytes=5-3', whole],
    ['bytes=20-10', whole],
    ['bytes=0-1,3-4', whole],
    ['bytes=0-1, 3-4', whole],
    ['bytes=a-b', whole],
    ['bytes=0x1-2', whole],
    ['bytes=1.5-2', whole],
    ['bytes=+1-2', whole],
    ['bytes=1e0-2', whole],
    ['bytes= 1-2', whole],
    ['bytes =1-2', whole],
    ['bytes=١-٢', whole],
    ['lines=1-2', whole],
    ['bytes=1-2\n', whole],
  ])('%s of ten bytes', (header, expected) => {
    expect(parseRange(header, 10)).toEqual(expected);
  });

  it.each([
    ['bytes=0-', unsatisfiable],
    ['bytes=0-0', unsatisfiable],
    ['bytes=-0', unsatisfiable],
    ['bytes=-5', whole],
    [undefined, whole],
  ])('%s of an empty object', (header, expected) => {
    expect(parseRange(header, 0)).toEqual(expected);
  });

  it.each([
    ['bytes=3-', { first: 3 }],
    ['bytes=3-5', { first: 3, last: 5 }],
    ['bytes=-5', { suffix: 5 }],
    ['bytes=-0', { suffix: 0 }],
    ['bytes=5-3', undefined],
    ['bytes=0-1,2-3', undefined],
    [undefined, undefined],
  ])('%s, before the size is known', (header, expected) => {
    expect(rangeHint(header)).toEqual(expected);
  });

  it('is written into Content-Range', () => {
    expect(contentRange({ first: 3, last: 5 }, 10)).toBe('bytes 3-5/10');
    expect(unsatisfiedContentRange(0)).toBe('bytes */0');
  });

  it('cuts what a slice of the bytes cuts', () => {
    const position = fc.nat({ max: 40 });
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 32 }),
        fc.option(position),
        fc.option(position),
        (content, first, last) => {
          const answer = parseRange(`bytes=${first ?? ''}-${last ?? ''}`, content.length);
          const expected = sliceOf(content, first, last);
          if (answer.kind === 'one') {
            expect(content.slice(answer.range.first, answer.range.last + 1)).toEqual(expected);
          } else {
            expect(expected).toBe(answer.kind);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is inside the object, whatever the header says', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 30 });
    fc.assert(
      fc.property(digits, digits, fc.maxSafeNat(), (first, last, size) => {
        const answer = parseRange(`bytes=${first}-${last}`, size);
        if (answer.kind !== 'one') return;
        expect(answer.range.first).toBeGreaterThanOrEqual(0);
        expect(answer.range.first).toBeLessThanOrEqual(answer.range.last);
        expect(answer.range.last).toBeLessThan(size);
      }),
    );
  });
});

/** RFC 9110 §14.1.2 in terms of `slice`. */
function sliceOf(content: Uint8Array, first: number | null, last: number | null): Uint8Array | string {
  if (first === null && last === null) return 'whole';
  if (first === null) return last === 0 ? 'unsatisfiable' : content.slice(-last!);
  if (last !== null && first > last) return 'whole';
  const slice = content.slice(first, last === null ? undefined : last + 1);
  return slice.length === 0 ? 'unsatisfiable' : slice;
}
