/** A run of bytes of one object: both ends inclusive, zero-based, `0 <= first <= last < size`. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** How many bytes a range holds. */
export function rangeLength(range: ByteRange): number {
  return range.last - range.first + 1;
}
