const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const pattern = /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$/;

/** nginx's `$time_local`, `27/Nov/2022:06:13:20 +0100`, in milliseconds since the epoch; undefined for what is none. */
export function parseLocalTime(text: string): number | undefined {
  const [, day, name, year, hour, minute, second, sign, zoneHours, zoneMinutes] = pattern.exec(text) ?? [];
  const month = months.indexOf(name ?? '');
  if (month < 0) return undefined;
  const date = new Date(Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second)));
  // 31 February would be a day in March.
  if (date.getUTCDate() !== Number(day)) return undefined;
  const zoneMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000;
  return date.getTime() - (sign === '-' ? -zoneMs : zoneMs);
}
