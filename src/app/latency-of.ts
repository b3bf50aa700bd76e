import type { MediaParts } from './wire-media.ts';

/** What nine of ten of a source's operations took at most, of those that ended within so many milliseconds; undefined: there were none. */
export function latencyOf({ disks, remotes }: Pick<MediaParts, 'disks' | 'remotes'>) {
  return (source: string, withinMs: number): number | undefined => {
    const found = disks.find(({ name }) => name === source) ?? remotes.find((remote) => remote.source.name === source);
    return found?.latency(withinMs).p90Ms;
  };
}
