import { describe, expect, it } from 'vitest';
import { backfillSchema } from '../../../src/config/backfill-schema.ts';
import { parseLimits } from '../../../src/config/timetable-schema.ts';

const timetable = (map: unknown) => backfillSchema.parse({ timetable: map }).timetable;

function complaints(map: unknown): string[] {
  const { error } = backfillSchema.safeParse({ timetable: map });
  return error?.issues.map(({ message, path }) => `${path.join('.')}: ${message}`) ?? [];
}

describe('a limit', () => {
  it.each([
    ['full', {}],
    ['5MiB/s', { bytesPerSecond: 5 * 2 ** 20 }],
    ['50/s', { objectsPerSecond: 50 }],
    ['5MiB/s, 50/s', { bytesPerSecond: 5 * 2 ** 20, objectsPerSecond: 50 }],
    ['50/s,1KiB/s', { bytesPerSecond: 1024, objectsPerSecond: 50 }],
    ['2048B/s', { bytesPerSecond: 2048 }],
  ])('%s is understood', (text, limits) => {
    expect(parseLimits(text)).toEqual(limits);
  });

  it.each([
    '',
    'off',
    'fast',
    '5MiB',
    '0/s',
    '1023B/s',
    '5MiB/s, 6MiB/s',
    '5/s, 6/s',
    '5MiB/s,',
    'full, 5/s',
    '-5/s',
    '5.5MiB/s',
  ])('"%s" is none', (text) => {
    expect(parseLimits(text)).toBeUndefined();
  });
});

describe('a timetable', () => {
  it('is empty where it is left out', () => {
    expect(backfillSchema.parse({}).timetable).toEqual([]);
  });

  it('has spans that may end at midnight or pass it, and days where they differ', () => {
    const map = { 'Mon-Thu 08:00-24:00': '5MiB/s', 'Fri-Sun 22:30-06:00': 'off', 'Tue 07:00-07:30': 'full' };
    expect(timetable(map)).toEqual([
      {
        text: 'Mon-Thu 08:00-24:00',
        days: [1, 2, 3, 4],
        from: 480,
        to: 1440,
        allowed: { bytesPerSecond: 5 * 2 ** 20 },
      },
      { text: 'Fri-Sun 22:30-06:00', days: [5, 6, 0], from: 1350, to: 360, allowed: 'off' },
      { text: 'Tue 07:00-07:30', days: [2], from: 420, to: 450, allowed: {} },
    ]);
  });

  it.each([
    ['08:00-08:00', 'full'],
    ['8:00-9:00', 'full'],
    ['08:00-24:01', 'full'],
    ['24:00-08:00', 'full'],
    ['08:00', 'full'],
    ['08:60-09:00', 'full'],
    ['Sam 08:00-09:00', 'full'],
    ['Sat,Sat 08:00-09:00', 'full'],
    ['Mon-Wed-Fri 08:00-09:00', 'full'],
    ['Mon-Wed,Tue 08:00-09:00', 'full'],
  ])('with the key "%s" is refused, and says which forms there are', (text, value) => {
    expect(complaints({ '01:00-02:00': 'off', [text]: value })).toEqual([
      expect.stringMatching(/^timetable: its entry 2: the key must be times of day, .*"Mon-Fri 22:30-06:00"/),
    ]);
  });

  it.each([5, null, 'slow', ['off'], '5 MiB'])('with the value %j is refused, and says what it can be', (value) => {
    expect(complaints({ '08:00-09:00': value })).toEqual([
      'timetable: its entry "08:00-09:00": the value must be full, off, or a limit: 5MiB/s, 50/s, or both ("5MiB/s, 50/s")',
    ]);
  });

  it.each([
    [{ '08:00-12:00': 'off', '11:59-13:00': 'full' }],
    [{ '22:00-06:00': 'off', '05:59-07:00': 'full' }],
    [{ 'Sat 22:00-06:00': 'off', 'Sun 00:00-24:00': 'full' }],
    [{ '08:00-24:00': '5MiB/s', 'Sat,Sun 09:00-10:00': 'full' }],
  ])('whose entries overlap is refused, and names both: %j', (map) => {
    const [first, second] = Object.keys(map);
    expect(complaints(map)).toEqual([`timetable: "${first}" and "${second}" overlap: at each time one entry may hold`]);
  });

  it('whose entries touch is fine', () => {
    const map = { '08:00-12:00': 'off', '12:00-22:00': 'full', '22:00-08:00': '5/s' };
    expect(timetable(map)).toHaveLength(3);
    expect(timetable({ 'Sat 22:00-24:00': 'off', 'Sun 00:00-06:00': 'full' })).toHaveLength(2);
  });
});
