import type { Latency } from '../lib/service-times.ts';
import type { LocalDisk } from './local-disk.ts';
import type { SourceAnswer, Wanted } from './source.ts';

/** A subtree of a disk that is a symlink to a directory elsewhere. */
export interface LinkedPart {
  /** Path below the root, without slashes at its ends. No part's path lies below another's. */
  readonly link: string;
  /** The directory that it leads to, asked for what follows the link's path in a key. */
  readonly disk: LocalDisk;
}

/**
 * A disk of which some subtrees lie elsewhere. A key below a link is asked of the link's directory and of nothing else, so that it opens
 * one file only, a directory that is not mounted proves no absence, and a root that hangs costs nothing that lies elsewhere.
 */
export class LinkedDisk implements LocalDisk {
  readonly name: string;
  readonly #root: LocalDisk;
  readonly #parts: readonly LinkedPart[];

  constructor(root: LocalDisk, parts: readonly LinkedPart[]) {
    this.name = root.name;
    this.#root = root;
    this.#parts = parts;
  }

  get load(): { outstanding: number; stuck: number } {
    const loads = this.#all().map((disk) => disk.load);
    return {
      outstanding: loads.reduce((sum, { outstanding }) => sum + outstanding, 0),
      stuck: loads.reduce((sum, { stuck }) => sum + stuck, 0),
    };
  }

  get readers(): number {
    return this.#all().reduce((sum, { readers }) => sum + readers, 0);
  }

  /** All of them note their times in one place. */
  latency(withinMs: number): Latency {
    return this.#root.latency(withinMs);
  }

  get hung(): boolean {
    return this.#all().some((disk) => disk.hung);
  }

  get absences(): readonly string[] {
    return this.#all().flatMap((disk) => disk.absences);
  }

  open(key: string, signal: AbortSignal, wanted?: Wanted): Promise<SourceAnswer> {
    const part = this.#parts.find(({ link }) => key.startsWith(`${link}/`));
    return part
      ? part.disk.open(key.slice(part.link.length + 1), signal, wanted)
      : this.#root.open(key, signal, wanted);
  }

  #all(): LocalDisk[] {
    return [this.#root, ...this.#parts.map(({ disk }) => disk)];
  }
}
