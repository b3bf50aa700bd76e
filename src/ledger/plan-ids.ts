// Within 53 bits: a million parts of four billion files, and as many that are late.
const late = 2 ** 32;
const partOf = 2 ** 33;

/** The ids of one part of a plan (a source) in the order of keys: first those that have their turn, then those that are late. */
export function idOf(part: number, place: number, isLate: boolean): number {
  return part * partOf + (isLate ? late : 0) + place;
}

/** From the first id to before the last. */
export interface IdRange {
  readonly from: number;
  readonly before: number;
}

export function idsOf(part: number): IdRange {
  return { from: part * partOf, before: (part + 1) * partOf };
}

/** Those of a part that are not late. */
export function idsInTurn(part: number): IdRange {
  return { from: part * partOf, before: part * partOf + late };
}
