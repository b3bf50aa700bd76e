import { seededNumbers } from './seeded.ts';

/** A colour of a tile: red, green, blue, 0 to 255 each. */
export type Colour = readonly [number, number, number];

/** A picture of coloured tiles, from one corner's colour to the other's, with some grain; one a seed. */
export function mosaic(seed: number, columns: number, rows: number): Colour[] {
  const next = seededNumbers(seed);
  const from = [next() & 255, next() & 255, next() & 255];
  const to = [next() & 255, next() & 255, next() & 255];
  return Array.from({ length: columns * rows }, (_, tile): Colour => {
    const way = ((tile % columns) + Math.floor(tile / columns)) / Math.max(1, columns + rows - 2);
    const channel = (i: number) => {
      const grain = (next() % 33) - 16;
      return Math.max(0, Math.min(255, Math.round(from[i]! + (to[i]! - from[i]!) * way + grain)));
    };
    return [channel(0), channel(1), channel(2)];
  });
}
