const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A year has four digits: outside of these, an mtime (dying disks have absurd ones) is moved to the nearer end. */
const earliestMs = Date.parse('0000-01-01T00:00:00Z');
const latestMs = Date.parse('9999-12-31T23:59:59Z');

const fiftyYearsMs = 50 * 365.2425 * 24 * 3600 * 1000;

// RFC 9110 §5.6.7. Names are case-sensitive there.
const imfFixdate = /^(\w{3}), (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const rfc850Date = /^(\w{6,9}), (\d{2})-(\w{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const asctimeDate = /^(\w{3}) (\w{3}) (\d{2}| \d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/;

/** An IMF-fixdate (RFC 9110 §5.6.7), which has no fractions: the second in which `ms` lies. */
export function formatHttpDate(ms: number): string {
  const clamped = Math.min(Math.max(ms, earliestMs), latestMs);
  return new Date(Math.floor(clamped / 1000) * 1000).toUTCString();
}

/**
 * Parses the three forms of RFC 9110 §5.6.7, strictly: a wrong weekday or a 30th of February is no date.
 *
 * @param nowMs decides the century of the obsolete two-digit years.
 * @returns milliseconds since the epoch, a whole number of seconds.
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  return parseImfFixdate(text) ?? parseRfc850Date(text, nowMs) ?? parseAsctimeDate(text);
}

function parseImfFixdate(text: string): number | undefined {
  const match = imfFixdate.exec(text);
  if (match === null) return undefined;
  const [, weekday = '', day, month = '', year, ...time] = match;
  return dateOf(Number(year), month, Number(day), time, (name) => name.slice(0, 3) === weekday);
}

function parseRfc850Date(text: string, nowMs: number): number | undefined {
  const match = rfc850Date.exec(text);
  if (match === null) return undefined;
  const [, weekday = '', day, month = '', shortYear, ...time] = match;
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(shortYear);
  const inThisCentury = dateOf(year, month, Number(day), time, () => true);
  // "more than 50 years in the future" is "the most recent year in the past that had the same last two digits".
  const past = inThisCentury !== undefined && inThisCentury - nowMs > fiftyYearsMs;
  return dateOf(past ? year - 100 : year, month, Number(day), time, (name) => name === weekday);
}

function parseAsctimeDate(text: string): number | undefined {
  const match = asctimeDate.exec(text);
  if (match === null) return undefined;
  const [, weekday = '', month = '', day, hour = '', minute = '', second = '', year] = match;
  const isWeekday = (name: string) => name.slice(0, 3) === weekday;
  return dateOf(Number(year), month, Number(day), [hour, minute, second], isWeekday);
}

function dateOf(
  year: number,
  monthName: string,
  day: number,
  time: readonly string[],
  isWeekday: (name: string) => boolean,
): number | undefined {
  const month = months.indexOf(monthName);
  const [hour = 0, minute = 0, second = 0] = time.map(Number);
  // 60 is a leap second.
  if (month < 0 || hour > 23 || minute > 59 || second > 60) return undefined;
  // Not Date.UTC, which takes the years 0-99 for 1900-1999.
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  if (date.getUTCMonth() !== month || date.getUTCDate() !== day) return undefined;
  if (!isWeekday(days[date.getUTCDay()]!)) return undefined;
  return date.setUTCHours(hour, minute, second);
}
