import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHttpDate, parseHttpDate } from '../../../src/http/http-date.ts';

const now = Date.parse('2026-03-01T12:00:00Z');
const example = Date.parse('1994-11-06T08:49:37Z');

describe('dates in headers', () => {
  it('are written as IMF-fixdate, without fractions', () => {
    expect(formatHttpDate(example)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
    expect(formatHttpDate(example + 999.9)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
    expect(formatHttpDate(-1)).toBe('Wed, 31 Dec 1969 23:59:59 GMT');
  });

  it('have four-digit years, even for the mtimes of a broken file system', () => {
    expect(formatHttpDate(8.64e15)).toBe('Fri, 31 Dec 9999 23:59:59 GMT');
    expect(formatHttpDate(Number.POSITIVE_INFINITY)).toBe('Fri, 31 Dec 9999 23:59:59 GMT');
    expect(formatHttpDate(-8.64e15)).toBe('Sat, 01 Jan 0000 00:00:00 GMT');
  });

  it.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37Z'],
    ['Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37Z'],
    ['Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37Z'],
    ['Sun Nov 06 08:49:37 1994', '1994-11-06T08:49:37Z'],
    ['Wed Nov 16 08:49:37 1994', '1994-11-16T08:49:37Z'],
    ['Thu, 29 Feb 2024 00:00:00 GMT', '2024-02-29T00:00:00Z'],
    ['Sat, 31 Dec 2016 23:59:60 GMT', '2017-01-01T00:00:00Z'],
    ['Thu, 01 Jan 1970 00:00:00 GMT', '1970-01-01T00:00:00Z'],
    ['Mon, 01 Jan 0001 00:00:00 GMT', '0001-01-01T00:00:00Z'],
    // Two digits: up to fifty years ahead of 2026 they are the future, beyond that the past.
    ['Thursday, 01-Jan-26 00:00:00 GMT', '2026-01-01T00:00:00Z'],
    ['Wednesday, 01-Jan-76 00:00:00 GMT', '2076-01-01T00:00:00Z'],
    ['Saturday, 01-Jan-77 00:00:00 GMT', '1977-01-01T00:00:00Z'],
    ['Friday, 31-Dec-99 00:00:00 GMT', '1999-12-31T00:00:00Z'],
    ['Tuesday, 29-Feb-00 00:00:00 GMT', '2000-02-29T00:00:00Z'],
  ])('%s is read', (text, iso) => {
    expect(parseHttpDate(text, now)).toBe(Date.parse(iso));
  });

  it.each([
    '',
    'yesterday',
    '0',
    '1994-11-06T08:49:37Z',
    'Mon, 06 Nov 1994 08:49:37 GMT',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 94 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'sun, 06 nov 1994 08:49:37 gmt',
    'Sun,  06 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:37 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Fri, 30 Feb 2024 00:00:00 GMT',
    'Wed, 29 Feb 2023 00:00:00 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 06 Foo 1994 08:49:37 GMT',
    'Sun, 06-Nov-94 08:49:37 GMT',
    'Monday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov 6 08:49:37 1994',
    'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
  ])('%j is no date', (text) => {
    expect(parseHttpDate(text, now)).toBeUndefined();
  });

  it('come back as they were written, in whole seconds', () => {
    const ms = fc.integer({ min: Date.parse('0000-01-01T00:00:00Z'), max: Date.parse('9999-12-31T23:59:59.999Z') });
    fc.assert(
      fc.property(ms, (time) => {
        expect(parseHttpDate(formatHttpDate(time), now)).toBe(Math.floor(time / 1000) * 1000);
      }),
    );
  });
});
