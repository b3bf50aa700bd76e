import { execFile } from 'node:child_process';
import { execPath } from 'node:process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Entry,
  minutesOfDay,
  minutesOfWeek,
  overlapIn,
  Timetable,
  type WallClock,
} from '../../../src/backfill/timetable.ts';

const run = promisify(execFile);
const everyDay = [0, 1, 2, 3, 4, 5, 6];
const slow = { bytesPerSecond: 1024 };

function entry(from: string, to: string, change: Partial<Entry> = {}): Entry {
  const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  return { text: `${from}-${to}`, days: everyDay, from: minutes(from), to: minutes(to), allowed: slow, ...change };
}

/** The clock on a wall in this place. */
function wallClockIn(timeZone: string): WallClock {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  return (ms) => {
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
    return { day: days.indexOf(parts.weekday ?? ''), minute: Number(parts.hour) * 60 + Number(parts.minute) };
  };
}

const berlin = wallClockIn('Europe/Berlin');
const utc = wallClockIn('UTC');
const holds = (table: Timetable, time: string) => table.at(Date.parse(time))?.text;

describe('a timetable', () => {
  test.each([
    ['2026-11-29T07:59:59Z', undefined],
    ['2026-11-29T08:00:00Z', '08:00-12:00'],
    ['2026-11-29T11:59:59Z', '08:00-12:00'],
    ['2026-11-29T12:00:00Z', undefined],
    ['2026-11-29T22:30:00Z', '22:30-06:00'],
    ['2026-11-30T00:00:00Z', '22:30-06:00'],
    ['2026-11-30T05:59:59Z', '22:30-06:00'],
    ['2026-11-30T06:00:00Z', undefined],
  ])('at %s holds %s', (time, text) => {
    expect(holds(new Timetable([entry('08:00', '12:00'), entry('22:30', '06:00')], utc), time)).toBe(text);
  });

  test('of some days goes by the day on which an entry begins', () => {
    const table = new Timetable([entry('22:00', '06:00', { days: [6] })], utc);
    // 2026-11-28 is a Saturday.
    expect(holds(table, '2026-11-28T05:00:00Z')).toBeUndefined();
    expect(holds(table, '2026-11-28T22:00:00Z')).toBe('22:00-06:00');
    expect(holds(table, '2026-11-29T05:59:00Z')).toBe('22:00-06:00');
    expect(holds(table, '2026-11-29T22:00:00Z')).toBeUndefined();
  });

  test('passes from Saturday to Sunday', () => {
    expect(overlapIn([entry('22:00', '06:00', { days: [6] }), entry('05:00', '07:00', { days: [0] })])).toBeDefined();
  });

  const spans = fc
    .uniqueArray(fc.nat(minutesOfDay - 1), { minLength: 1, maxLength: 12 })
    .map((ends) => ends.toSorted((a, b) => a - b))
    // Spans between neighbouring ends: every second one, so that there are gaps.
    .map((ends) =>
      ends.flatMap((from, i) => {
        const to = ends[(i + 1) % ends.length] ?? 0;
        return i % 2 === 0 && from !== to ? [{ ...entry('00:00', '00:00'), text: `${from}-${to}`, from, to }] : [];
      }),
    );

  test('whose entries do not overlap has exactly one or none of them at each minute, for as long as each says', () => {
    fc.assert(
      fc.property(spans, (entries) => {
        expect(overlapIn(entries)).toBeUndefined();
        const table = new Timetable(entries, utc);
        const minutes = new Map<string | undefined, number>();
        for (let n = 0; n < minutesOfDay; n += 1) {
          const text = new Timetable(entries, () => ({ day: 3, minute: n })).at(0)?.text;
          minutes.set(text, (minutes.get(text) ?? 0) + 1);
        }
        for (const { text, from, to } of entries)
          expect(minutes.get(text)).toBe(to > from ? to - from : to + minutesOfDay - from);
        expect([...minutes.values()].reduce((sum, n) => sum + n, 0)).toBe(minutesOfDay);
        expect(table.empty).toBe(entries.length === 0);
      }),
      { numRuns: 10 },
    );
  });

  test('finds an overlap exactly where two entries share a minute', () => {
    const any = fc
      .tuple(
        fc.nat(minutesOfDay - 1),
        fc.integer({ min: 1, max: minutesOfDay - 1 }),
        fc.subarray(everyDay, { minLength: 1 }),
      )
      .map(([from, length, days]) => ({
        entry: { ...entry('00:00', '00:00'), days, from, to: (from + length) % minutesOfDay || minutesOfDay },
        minutes: new Set(
          days.flatMap((day) => Array.from({ length }, (_, n) => (day * minutesOfDay + from + n) % minutesOfWeek)),
        ),
      }));
    fc.assert(
      fc.property(any, any, (a, b) => {
        expect(overlapIn([a.entry, b.entry]) !== undefined).toBe([...a.minutes].some((n) => b.minutes.has(n)));
      }),
      { numRuns: 20 },
    );
  });
});

describe('when the clocks change', () => {
  test('in spring, an hour that is skipped does not come', () => {
    const table = new Timetable([entry('02:00', '03:00'), entry('03:00', '04:00')], berlin);
    // 2026-03-29: at 01:00 UTC the clock goes from 02:00 to 03:00.
    expect(holds(table, '2026-03-29T00:59:00Z')).toBeUndefined();
    expect(holds(table, '2026-03-29T01:00:00Z')).toBe('03:00-04:00');
    expect(holds(table, '2026-03-29T01:59:00Z')).toBe('03:00-04:00');
    expect(holds(table, '2026-03-29T02:00:00Z')).toBeUndefined();
  });

  test('in autumn, an hour that is repeated holds twice', () => {
    const table = new Timetable([entry('02:00', '03:00'), entry('08:00', '24:00')], berlin);
    // 2026-10-25: at 01:00 UTC the clock goes from 03:00 to 02:00.
    expect(holds(table, '2026-10-24T23:59:00Z')).toBeUndefined();
    expect(holds(table, '2026-10-25T00:00:00Z')).toBe('02:00-03:00');
    expect(holds(table, '2026-10-25T01:59:00Z')).toBe('02:00-03:00');
    expect(holds(table, '2026-10-25T02:00:00Z')).toBeUndefined();
    expect(holds(table, '2026-10-25T06:59:00Z')).toBeUndefined();
    expect(holds(table, '2026-10-25T07:00:00Z')).toBe('08:00-24:00');
  });

  test('the next change is found by the clock on the wall', () => {
    const next = (from: string, to: string, now: string) =>
      new Date(new Timetable([entry(from, to)], berlin).changesAt(Date.parse(now)) ?? 0).toISOString();
    expect(next('03:00', '04:00', '2026-03-28T23:30:00Z')).toBe('2026-03-29T01:00:00.000Z');
    expect(next('01:00', '03:00', '2026-10-24T23:30:00Z')).toBe('2026-10-25T02:00:00.000Z');
  });

  test("it goes by the machine's own clock", async () => {
    const program = `
      import { localClock, Timetable } from ${JSON.stringify(new URL('../../../src/backfill/timetable.ts', import.meta.url).href)};
      const entry = { text: 'night', days: [0], from: 120, to: 180, allowed: 'off' };
      const table = new Timetable([entry]);
      const times = ['2026-10-25T00:00:00Z', '2026-10-25T01:59:00Z', '2026-10-25T02:00:00Z', '2026-03-29T01:00:00Z'];
      console.log(JSON.stringify(times.map((time) => [table.at(Date.parse(time))?.text ?? null, localClock(Date.parse(time))])));`;
    const { stdout } = await run(execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, TZ: 'Europe/Berlin' },
    });
    expect(JSON.parse(stdout)).toEqual([
      ['night', { day: 0, minute: 120 }],
      ['night', { day: 0, minute: 179 }],
      [null, { day: 0, minute: 180 }],
      [null, { day: 0, minute: 180 }],
    ]);
  });
});

describe('the next change', () => {
  test('is found across days, and is none where there is nothing to change', () => {
    const saturday = new Timetable([entry('10:00', '11:00', { days: [6] })], utc);
    expect(saturday.changesAt(Date.parse('2026-11-29T10:00:30Z'))).toBe(Date.parse('2026-12-05T10:00:00Z'));
    expect(saturday.changesAt(Date.parse('2026-12-05T10:00:30Z'))).toBe(Date.parse('2026-12-05T11:00:00Z'));
    expect(new Timetable([], utc).changesAt(0)).toBeUndefined();
    expect(new Timetable([entry('00:00', '24:00')], utc).changesAt(0)).toBeUndefined();
  });
});
