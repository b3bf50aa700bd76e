/** `YYYYMMDDTHHMMSSZ` in milliseconds since 1970. Undefined: it is not that, or no day of the calendar. */
export function parseAmzDate(text: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)?.slice(1).map(Number);
  if (!parts) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC turns 31 February into March, and the year 26 into 1926.
  return formatAmzDate(time) === text ? time : undefined;
}

/** @param time in milliseconds since 1970; what is less than a second is left out. */
export function formatAmzDate(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}

/** A `Date` header: IMF-fixdate (RFC 9110 §5.6.7), or the form of `x-amz-date`, which S3 takes there too. */
export function parseDateHeader(text: string): number | undefined {
  const time = Date.parse(text);
  if (!Number.isNaN(time) && new Date(time).toUTCString() === text) return time;
  return parseAmzDate(text);
}
