import { isInside } from '../lib/is-inside.ts';

/** The real paths of the directories that are served from: each file has one key only while none lies inside another. */
export class ClaimedPaths {
  readonly #stateDir: string;
  readonly #claimed: string[] = [];

  /** Nothing may be served from around `stateDir`. */
  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  /** A way to claim for one directory, which may be found at the same path again. */
  claimant(): (path: string) => string | undefined {
    let own: string | undefined;
    return (path) => {
      const refusal = path === own ? undefined : this.claim(path);
      if (refusal === undefined) own = path;
      return refusal;
    };
  }

  /** Claims a directory, or tells why it must not be served from, in words that follow its path. */
  claim(path: string): string | undefined {
    if (isInside(this.#stateDir, path)) return 'holds state.dir: move that off the old disk';
    if (this.#claimed.some((other) => isInside(path, other) || isInside(other, path)))
      return 'is the same directory as that of another source or link, or one lies inside the other: a file must have one key';
    this.#claimed.push(path);
    return undefined;
  }
}
