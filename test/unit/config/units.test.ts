import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duration, parseDuration, parseSize, rate, size, throughput } from '../../../src/config/units.ts';

describe('sizes', () => {
  it.each([
    ['0', 0],
    ['1024', 1024],
    ['7B', 7],
    ['64KiB', 65_536],
    ['5MB', 5_000_000],
    ['5 kB', 5000],
    ['512MiB', 536_870_912],
    ['8GiB', 8_589_934_592],
    ['1TB', 1e12],
  ])('%s is %i bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', '5 parsecs', '10 MB/s', '-1MiB', '1.5GiB', '512mib', 'MiB', '1e3', '99999999TiB', ' 1'])(
    '%j is refused',
    (text) => {
      const { error } = size().safeParse(text);
      expect(error?.issues[0]?.message).toMatch(/^must be a size/);
    },
  );

  it('say which forms are accepted', () => {
    expect(size().safeParse('5 parsecs').error?.issues[0]?.message).toContain('512MiB');
    expect(size().safeParse(true).error?.issues[0]?.message).toContain('512MiB');
    expect(size().safeParse(-1).error?.issues[0]?.message).toContain('512MiB');
  });

  it('take plain numbers as bytes', () => {
    expect(size().parse(4096)).toBe(4096);
  });

  it('keep their bounds, both included', () => {
    const bounded = size({ least: '1KiB', most: '2KiB' });
    expect(['1023', '1KiB', '2KiB', 2049].map((text) => bounded.safeParse(text).success)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(bounded.safeParse(1).error?.issues[0]?.message).toBe('must be a size from 1KiB to 2KiB');
  });
});

describe('durations', () => {
  it.each([
    ['250ms', 250],
    ['60s', 60_000],
    ['10m', 600_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '60', '-5s', '1.5h', '1h30m', '5 parsecs', '5 minutes', 'PT5M', 60, null, ['60s']])(
    '%j is refused',
    (value) => {
      const { error } = duration().safeParse(value);
      expect(error?.issues[0]?.message).toContain('250ms, 60s, 10m, 24h, 7d');
    },
  );

  it('are never longer than a timer can be', () => {
    expect(duration().safeParse('25d').success).toBe(false);
    expect(duration().parse('24d')).toBeLessThan(2 ** 31);
  });

  it('are not zero, unless that is allowed', () => {
    expect(duration().safeParse('0s').success).toBe(false);
    expect(duration({ least: '0ms' }).parse('0s')).toBe(0);
  });
});

describe('limits', () => {
  it.each([
    ['5MiB/s', 5_242_880],
    ['500 kB/s', 500_000],
    ['1024/s', 1024],
    ['off', undefined],
  ])('of bytes: %s is %s', (text, perSecond) => {
    expect(throughput().parse(text)).toBe(perSecond);
  });

  it.each([
    ['100/s', 100],
    ['1/s', 1],
    ['off', undefined],
  ])('of times: %s is %s', (text, perSecond) => {
    expect(rate().parse(text)).toBe(perSecond);
  });

  it.each(['', '5MiB', '5MiB/m', '0/s', '1023B/s', '-1MiB/s', 'OFF', 5_242_880, false])(
    '%j is no limit of bytes',
    (value) => {
      expect(throughput().safeParse(value).error?.issues[0]?.message).toContain('5MiB/s');
    },
  );

  it.each(['', '100', '0/s', '1.5/s', '6000/m', '5MiB/s', 100])('%j is no limit of times', (value) => {
    expect(rate().safeParse(value).error?.issues[0]?.message).toContain('100/s');
  });
});

it('what is no number with a unit is neither a size nor a duration', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      if (/^\d+ ?[A-Za-z]*$/.test(text)) return;
      expect([parseSize(text), parseDuration(text)]).toEqual([undefined, undefined]);
    }),
  );
});
