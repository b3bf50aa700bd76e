import type { BigIntStats } from 'node:fs';
import { microsecondsOf } from '../lib/decimal-seconds.ts';
import type { SteadyRate } from '../lib/steady-rate.ts';
import { keyProblem } from '../media/key.ts';
import { type ByteName, byteName, keyOf, printable } from './byte-names.ts';
import type { Lower } from './smallest-names.ts';
import { type ListingStep, type SourceListing, SourceListingError } from './source-listing.ts';
import { StepBuilder } from './step-builder.ts';
import type { WalkDoor } from './walk-door.ts';

/** Names whose kind is asked for together. */
const together = 256;
/** Names that a directory keeps while what lies below it is walked; the others are read again. Fewer the deeper it lies. */
const keptMost = 32_768;
const keptLeast = 1024;

export interface DiskWalkOptions {
  readonly root: WalkDoor;
  /** Symlinks below the root that are followed, as paths without slashes at their ends, and what they lead to. */
  readonly links: readonly { readonly link: string; readonly door: WalkDoor }[];
  /** Names in a second. */
  readonly rate: SteadyRate;
}

/** A directory on the way from the root to where the walk is. */
interface Level {
  readonly door: WalkDoor;
  /** Path below the source's root, with a slash at its end; empty: the root. */
  readonly prefix: ByteName;
  /** The same, below what the door leads to. */
  readonly inside: ByteName;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  names: ByteName[];
  at: number;
  more: boolean;
}

/**
 * Walks a disk, directory by directory, so that the keys come in order of their bytes: the table they go into grows at its end, and a
 * walk goes on after any key. What it cannot list or look at is a finding. It does not follow symlinks but those it is told of, and does not
 * cross into other file systems.
 */
export class DiskWalk implements SourceListing {
  readonly by = 'walk';
  readonly #options: DiskWalkOptions;
  readonly #doors: readonly WalkDoor[];
  readonly #links: ReadonlyMap<ByteName, WalkDoor>;

  constructor(options: DiskWalkOptions) {
    this.#options = options;
    this.#doors = [options.root, ...options.links.map(({ door }) => door)];
    this.#links = new Map(options.links.map(({ link, door }) => [byteName(link), door]));
  }

  /** Of the root, and of what each link leads to. */
  get fingerprint(): string {
    const { root, links } = this.#options;
    return [root.fingerprint, ...links.map(({ link, door }) => `${link}: ${door.fingerprint}`)].join(', ');
  }

  async intact(): Promise<void> {
    await Promise.all(this.#doors.map((door) => door.intact()));
  }

  async *steps(cursor: string | undefined, signal: AbortSignal): AsyncGenerator<ListingStep> {
    const { root, rate } = this.#options;
    const met = new StepBuilder();
    // `a/b`: it was told · `a/b/`: all that lies below it was.
    let done = cursor ?? '';
    const taken = () => {
      const settled = this.#doors.every((door) => door.settled);
      return met.take({ cursor: done === '' ? undefined : done, at: printable(done), settled });
    };
    const levels: Level[] = [await this.#root(root, done)];
    for (let level = levels.at(-1); level; level = levels.at(-1)) {
      signal.throwIfAborted();
      if (met.full) yield taken();
      const name = level.names[level.at];
      if (name === undefined) {
        if (level.more && (await this.#listFurther(level, met))) continue;
        levels.pop();
        if (level.prefix !== '') done = level.prefix;
        continue;
      }
      if (name.endsWith('/')) {
        level.at += 1;
        await rate.spend(1, signal);
        const below = await this.#descend(levels, level, name, done, met);
        if (below) levels.push(below);
        else done = level.prefix + name;
        continue;
      }
      const names = plainNames(level);
      await rate.spend(names.length, signal);
      await this.#look(level, names, met);
      level.at += names.length;
      done = level.prefix + names.at(-1);
    }
    yield taken();
  }

  async #root(door: WalkDoor, done: ByteName): Promise<Level> {
    const [stats] = await door.lstats(['']);
    const level = stats && !('code' in stats) && levelOf(door, '', '', stats);
    const failed = level ? await this.#list(level, lowerOf(level, done)) : (stats as { code: string }).code;
    if (level && failed === undefined) return level;
    throw cannotList(`${door.path} cannot be listed (${failed})`);
  }

  /** Undefined: it is not walked, which is noted. */
  async #descend(
    levels: readonly Level[],
    level: Level,
    name: ByteName,
    done: ByteName,
    met: StepBuilder,
  ): Promise<Level | undefined> {
    const path = level.prefix + name.slice(0, -1);
    met.entry();
    const problem = keyProblem(keyOf(path));
    if (problem !== undefined) {
      met.finding('odd-name', path, problem);
      return undefined;
    }
    const linked = this.#links.get(path);
    const door = linked ?? level.door;
    const inside = linked ? '' : level.inside + name;
    const [stats] = await door.lstats([inside.slice(0, -1)]);
    if (stats === undefined || 'code' in stats) {
      met.unknown('unlistable', path, stats?.code);
      return undefined;
    }
    const below = levelOf(door, level.prefix + name, inside, stats);
    const why = whyNot(below, stats, levels);
    if (why !== undefined) {
      met.unknown(why, path, undefined);
      return undefined;
    }
    const failed = await this.#list(below, lowerOf(below, done));
    if (failed !== undefined) {
      met.unknown('unlistable', path, failed);
      return undefined;
    }
    const kept = Math.max(keptLeast, keptMost >> levels.length);
    if (level.names.length - level.at > kept) {
      level.names = level.names.slice(level.at, level.at + kept);
      level.at = 0;
      level.more = true;
    }
    return below;
  }

  /** The error's code, if it failed. */
  async #list(level: Level, lower: Lower | undefined): Promise<string | undefined> {
    const listed = await level.door.names(level.inside, level.size, lower, (name) =>
      this.#links.has(level.prefix + name),
    );
    if ('code' in listed) return listed.code;
    level.names = listed.names;
    level.at = 0;
    level.more = listed.more;
    return undefined;
  }

  /** The names after those that were kept. False: they cannot be had, which is noted. */
  async #listFurther(level: Level, met: StepBuilder): Promise<boolean> {
    const failed = await this.#list(level, { name: level.names.at(-1) ?? '', inclusive: false });
    if (failed === undefined) return true;
    if (level.prefix === '') throw cannotList(`${level.door.path} cannot be listed any more (${failed})`);
    met.unknown('unlistable', level.prefix.slice(0, -1), failed);
    return false;
  }

  async #look(level: Level, names: readonly ByteName[], met: StepBuilder): Promise<void> {
    const all = await level.door.lstats(names.map((name) => level.inside + name));
    for (const [index, stats] of all.entries()) {
      const path = level.prefix + names[index];
      met.entry();
      if ('code' in stats) met.unknown('unreadable', path, stats.code);
      else if (stats.isFile())
        met.file(path, {
          size: Number(stats.size),
          mtimeUs: microsecondsOf(stats.mtimeNs),
          mode: Number(stats.mode & 0o7777n),
        });
      else if (stats.isSymbolicLink()) met.finding('symlink', path, undefined);
      // It was none when its name was read.
      else if (stats.isDirectory()) met.unknown('unreadable', path, 'changed');
      else met.finding('not-a-file', path, stats.isFIFO() ? 'fifo' : stats.isSocket() ? 'socket' : 'device');
    }
  }
}

/** What comes next, up to the next directory. */
function plainNames({ names, at }: Level): ByteName[] {
  let end = at;
  while (end < names.length && end - at < together && !names[end]!.endsWith('/')) end += 1;
  return names.slice(at, end);
}

function levelOf(door: WalkDoor, prefix: ByteName, inside: ByteName, { dev, ino, size }: BigIntStats): Level {
  return { door, prefix, inside, dev, ino, size, names: [], at: 0, more: false };
}

/** Where a directory's names go on after what was told. */
function lowerOf({ prefix }: Level, done: ByteName): Lower | undefined {
  if (!done.startsWith(prefix) || done.length === prefix.length) return undefined;
  const rest = done.slice(prefix.length);
  const slash = rest.indexOf('/');
  if (slash < 0 || slash === rest.length - 1) return { name: rest, inclusive: false };
  return { name: rest.slice(0, slash + 1), inclusive: true };
}

function whyNot(below: Level, stats: BigIntStats, above: readonly Level[]) {
  if (!stats.isDirectory()) return 'unreadable';
  // A directory that is bound into one below it: https://man7.org/linux/man-pages/man8/mount.8.html
  if (above.some(({ dev, ino }) => dev === below.dev && ino === below.ino)) return 'loop';
  return below.dev === below.door.dev ? undefined : 'other-file-system';
}

function cannotList(found: string): SourceListingError {
  return new SourceListingError('SOURCE_ABSENT', {
    found,
    expected: 'a directory that this user may list, on a disk that is mounted',
    todo: 'mount it, or give this user r-x on it, and scan again: it goes on where it stood',
  });
}
