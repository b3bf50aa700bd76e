/**
 * The order of two strings by their UTF-8 bytes, which is that of their code points: SQLite's, and that of S3 listings. JavaScript's own
 * order is that of UTF-16: a surrogate pair (from U+10000) would come before U+E000…U+FFFF.
 */
export function utf8Order(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    if (x !== y) return afterSurrogates(x) - afterSurrogates(y);
  }
  return a.length - b.length;
}

/** Puts surrogates behind every other code unit, and leaves the order among both as it is. */
function afterSurrogates(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
