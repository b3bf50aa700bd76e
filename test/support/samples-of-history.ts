import type { Sample } from '../../src/history/history.ts';

/** A sample of ten seconds in which one reader was answered with a byte, and what is to be otherwise. */
export function sampleAt(endMs: number, change: Partial<Sample> = {}): Sample {
  return {
    endMs,
    spanMs: 10_000,
    answered: [{ tier: 'cache', requests: 1, bytes: 1 }],
    copied: { files: 0, bytes: 0 },
    failed: 0,
    storeErrors: 0,
    sources: [],
    above: undefined,
    below: undefined,
    ...change,
  };
}

/** All that is summed, by its name. */
export function sumsOf(samples: readonly Sample[]): Record<string, number> {
  const sums: Record<string, number> = {};
  const add = (name: string, n: number) => {
    sums[name] = (sums[name] ?? 0) + n;
  };
  for (const { spanMs, answered, copied, failed, storeErrors, sources } of samples) {
    for (const { tier, requests, bytes } of answered) {
      add(`${tier} requests`, requests);
      add(`${tier} bytes`, bytes);
    }
    for (const { source, errors } of sources) add(`${source} errors`, errors);
    add('ms', spanMs);
    add('copied files', copied.files);
    add('copied bytes', copied.bytes);
    add('failed', failed);
    add('store errors', storeErrors);
  }
  return sums;
}
