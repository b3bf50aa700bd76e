/** How many series look different. */
const looks = 8;

/** The colour of a series, from the page's style: it follows light and dark. */
export function seriesColour(i: number): string {
  return getComputedStyle(document.documentElement)
    .getPropertyValue(`--series-${(i % looks) + 1}`)
    .trim();
}

/** A fill that is told from its neighbours without its colour: each series has marks of its own. */
export function seriesFill(i: number): CanvasPattern | string {
  const pixels = 10 * devicePixelRatio;
  const tile = document.createElement('canvas');
  tile.width = tile.height = pixels;
  const pen = tile.getContext('2d');
  if (!pen) return seriesColour(i);
  pen.fillStyle = seriesColour(i);
  pen.fillRect(0, 0, pixels, pixels);
  pen.scale(pixels / 10, pixels / 10);
  pen.strokeStyle = pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--card').trim();
  pen.lineWidth = 1.25;
  marks[i % looks]?.(pen);
  return pen.createPattern(tile, 'repeat') ?? seriesColour(i);
}

function lines(...points: readonly (readonly [number, number, number, number])[]) {
  return (pen: CanvasRenderingContext2D) => {
    pen.beginPath();
    for (const [x, y, toX, toY] of points) {
      pen.moveTo(x, y);
      pen.lineTo(toX, toY);
    }
    pen.stroke();
  };
}

function dot(pen: CanvasRenderingContext2D): void {
  pen.beginPath();
  pen.arc(5, 5, 1.5, 0, 7);
  pen.fill();
}

const rising = [
  [-1, 6, 6, -1],
  [4, 11, 11, 4],
] as const;
const falling = [
  [-1, 4, 6, 11],
  [4, -1, 11, 6],
] as const;

/** The first is plain: it is the largest, and marks make restless. */
const marks: readonly ((pen: CanvasRenderingContext2D) => void)[] = [
  () => undefined,
  lines(...rising),
  dot,
  lines([0, 5, 10, 5]),
  lines(...falling),
  lines([5, 0, 5, 10]),
  lines(...rising, ...falling),
  lines([0, 5, 10, 5], [5, 0, 5, 10]),
];

/** Ways to draw a line, for where nothing is filled. */
export const dashes: readonly number[][] = [
  [],
  [6, 3],
  [2, 3],
  [8, 3, 2, 3],
  [12, 4],
  [4, 2],
  [1, 2],
  [10, 2, 2, 2, 2, 2],
];
