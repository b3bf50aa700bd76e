/** Nanoseconds since the epoch as decimal seconds without trailing zeros, as rclone writes `mtime`. */
export function decimalSeconds(ns: bigint): string {
  const sign = ns < 0n ? '-' : '';
  const abs = ns < 0n ? -ns : ns;
  const fraction = (abs % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  return `${sign}${abs / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`}`;
}

/** The nanoseconds of such a text, exactly; undefined where it is none, or far from any date. */
export function parseDecimalSeconds(text: string): bigint | undefined {
  const [, sign, whole, fraction = ''] = /^(-?)(\d{1,11})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const abs = BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  return sign === '-' ? -abs : abs;
}

/** Whole milliseconds of nanoseconds; one rounding for both sides of a move. */
export function millisecondsOf(ns: bigint): number {
  return Number(ns / 1_000_000n);
}

/** Whole microseconds of nanoseconds, rounded down. */
export function microsecondsOf(ns: bigint): number {
  return Number(ns / 1000n) - (ns % 1000n < 0n ? 1 : 0);
}
