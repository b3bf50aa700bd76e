import { assert, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Acknowledged } from '../../../src/verify/acknowledged.ts';
import { parsePrintedKey, printedKey } from '../../../src/verify/printed-key.ts';

describe('a key on a line', () => {
  test.each([
    ['media_attachments/files/1/original/a.jpg', 'media_attachments/files/1/original/a.jpg'],
    ['odd name+ü & <1>.jpg', 'odd name+ü & <1>.jpg'],
    ['back\\slash', 'back\\slash'],
    ['two\nlines', '"two\\nlines"'],
    ['"quoted"', '"\\"quoted\\""'],
    ['# no comment', '"# no comment"'],
    ['space ', '"space "'],
    ['\u0085next', '"\\u0085next"'],
    ['line\u2028separator', '"line\\u2028separator"'],
  ])('%j is printed as %s', (key, line) => {
    expect(printedKey(key)).toBe(line);
  });

  test('is one line, and is read as the same key again, whatever it holds', () => {
    assert(
      property(string({ unit: 'binary' }), (key) => {
        const line = printedKey(key);
        expect(line).not.toMatch(/[\n\r\u0085\u2028\u2029]/);
        expect(parsePrintedKey(line)).toBe(key);
        expect(key === '' || Acknowledged.parse(`\n# nobody's\n${line}\r\n`, 'list').has(key)).toBe(true);
      }),
    );
  });
});

describe('the acknowledged list', () => {
  test('tells which of its lines let nothing go', () => {
    const list = Acknowledged.parse('# lost in 2021\n\na/1\nb/2\n', 'list');
    expect([list.has('a/1'), list.has('c/3'), list.size, list.unused]).toEqual([true, false, 2, ['b/2']]);
  });

  test('names the line that it cannot read', () => {
    expect(() => Acknowledged.parse('a\n"broken', 'known.txt')).toThrow(/known\.txt, line 2/);
  });
});
