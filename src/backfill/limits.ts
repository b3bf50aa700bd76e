/** How fast the backfill may go; what is left out has no limit. */
export interface Limits {
  readonly bytesPerSecond?: number;
  readonly objectsPerSecond?: number;
}

/** As people write it: `5MiB/s`, `50/s`, both, or `full`. */
export function limitsText({ bytesPerSecond, objectsPerSecond }: Limits): string {
  const parts = [
    ...(bytesPerSecond === undefined ? [] : [`${sizeText(bytesPerSecond)}/s`]),
    ...(objectsPerSecond === undefined ? [] : [`${objectsPerSecond}/s`]),
  ];
  return parts.length === 0 ? 'full' : parts.join(', ');
}

function sizeText(bytes: number): string {
  for (const [unit, size] of [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
    ['GB', 1e9],
    ['MB', 1e6],
    ['KB', 1e3],
  ] as const)
    if (bytes % size === 0) return `${bytes / size}${unit}`;
  return `${bytes}B`;
}
