/**
 * Compares two texts by their UTF-8 bytes, as S3 and SQLite sort: negative, 0 or positive. JavaScript compares UTF-16 units, and there what
 * lies beyond U+FFFF (a pair of surrogates, from 0xD800) comes before U+E000 to U+FFFF.
 */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [one, other] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (one !== other) return rank(one) - rank(other);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
