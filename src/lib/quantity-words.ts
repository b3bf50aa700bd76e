const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `1.2 GB`: three digits at most, powers of 1000. */
export function bytesInWords(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `1,234,567`. */
export function countInWords(count: number): string {
  return count.toLocaleString('en-US');
}

/** `45 s`, `12 min`, `3 h 20 min`, `5 days`: about how long something takes, or is ago. */
export function durationInWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  if (minutes >= 72 * 60) return `${Math.floor(minutes / 1440)} days`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const spans = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** `3d 4h`, `72h`, `12m`, `0s`: rounded down. Whole hours up to three days stay hours: durations as the configuration has them. */
export function span(ms: number): string {
  if (ms <= 72 * 3_600_000 && ms >= 3_600_000 && ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  const first = spans.findIndex(([, unit]) => ms >= unit);
  if (first < 0) return '0s';
  const parts: string[] = [];
  let rest = ms;
  for (const [name, unit] of spans.slice(first, first + 2)) {
    const n = Math.floor(rest / unit);
    rest -= n * unit;
    if (n > 0) parts.push(`${n}${name}`);
  }
  return parts.join(' ');
}

/** `2026-03-04 05:06 UTC`. */
export function minuteInWords(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
