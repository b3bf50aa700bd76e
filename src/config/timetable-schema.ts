import { z } from 'zod';
import type { Limits } from '../backfill/limits.ts';
import { type Allowed, type Entry, overlapIn } from '../backfill/timetable.ts';
import { parseRate, parseThroughput } from './units.ts';

const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const everyDay = [0, 1, 2, 3, 4, 5, 6];
const spanPattern = /^(?:([A-Za-z,-]{3,31}) +)?([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))$/;

const spanForms =
  'must be times of day, with the days before them where they differ: "08:00-24:00", "Mon-Fri 22:30-06:00", "Sat,Sun 00:00-24:00"';
export const limitForms = 'must be full, off, or a limit: 5MiB/s, 50/s, or both ("5MiB/s, 50/s")';

/** A limit as an operator writes it: `5MiB/s`, `50/s`, `5MiB/s, 50/s`, `full`. Undefined where the text is none. */
export function parseLimits(text: string): Limits | undefined {
  if (text === 'full') return {};
  const limits: { -readonly [name in keyof Limits]: Limits[name] } = {};
  for (const part of text.split(/ *, */)) {
    // `50/s` before `50B/s`: what has no unit counts objects.
    const rate = parseRate(part);
    const bytes = rate === undefined ? parseThroughput(part) : undefined;
    if (rate !== undefined && rate >= 1 && limits.objectsPerSecond === undefined) limits.objectsPerSecond = rate;
    // Slower, nothing would ever end.
    else if (bytes !== undefined && bytes >= 1024 && limits.bytesPerSecond === undefined) limits.bytesPerSecond = bytes;
    else return undefined;
  }
  return limits;
}

/** Days in `Sat,Sun`, `Mon-Fri`; undefined where the text is none, or names one twice. */
export function parseDays(text: string): readonly number[] | undefined {
  const days: number[] = [];
  for (const part of text.split(',')) {
    const ends = part.split('-').map((name) => dayNames.indexOf(name));
    const [from = -1, to = from] = ends;
    if (ends.length > 2 || from < 0 || to < 0) return undefined;
    for (let day = from; ; day = (day + 1) % 7) {
      days.push(day);
      if (day === to) break;
    }
  }
  return new Set(days).size === days.length ? days : undefined;
}

function parseSpan(text: string): Pick<Entry, 'days' | 'from' | 'to'> | undefined {
  const [whole, dayText, fromHour, fromMinute, toHour, toMinute] = spanPattern.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const days = dayText === undefined ? everyDay : parseDays(dayText);
  const from = Number(fromHour) * 60 + Number(fromMinute);
  const to = toHour === undefined ? 24 * 60 : Number(toHour) * 60 + Number(toMinute);
  return days === undefined || from === to ? undefined : { days, from, to };
}

/**
 * Schema of the timetable: a map of spans to limits; gives its entries. What is wrong is told by the number of its entry: a key may be a
 * secret gone astray, and one that is well-formed cannot.
 */
export function timetable() {
  return z
    .record(z.string(), z.unknown())
    .meta({ additionalProperties: { type: 'string' } })
    .transform((map, context) => {
      const entries: Entry[] = [];
      const complain = (message: string) => context.addIssue({ code: 'custom', message });
      for (const [i, [text, value]] of Object.entries(map).entries()) {
        // It could not be interpolated, which was told already.
        if (value === undefined) continue;
        const span = parseSpan(text);
        const allowed: Allowed | undefined =
          value === 'off' ? 'off' : typeof value === 'string' ? parseLimits(value) : undefined;
        if (span === undefined) complain(`its entry ${i + 1}: the key ${spanForms}`);
        else if (allowed === undefined) complain(`its entry "${text}": the value ${limitForms}`);
        else entries.push({ text, ...span, allowed });
      }
      const overlap = overlapIn(entries);
      if (overlap) complain(`"${overlap[0].text}" and "${overlap[1].text}" overlap: at each time one entry may hold`);
      return entries;
    });
}
