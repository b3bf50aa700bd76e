import { createHash } from 'node:crypto';

const parts = 2 ** 48;

/**
 * Chooses a share of the keys at random, each by itself: with the same seed the same ones are chosen again, whatever was added or taken away
 * meanwhile. `percent`: from 0 to 100.
 */
export function sampleOf(percent: number, seed: string): (key: string) => boolean {
  if (percent <= 0) return () => false;
  if (percent >= 100) return () => true;
  const below = (percent / 100) * parts;
  return (key) => createHash('sha256').update(`${seed}\n${key}`).digest().readUIntBE(0, 6) < below;
}
