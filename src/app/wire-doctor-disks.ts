import { userInfo } from 'node:os';
import type { Config } from '../config/schema.ts';
import type { Area } from '../doctor/area.ts';
import { diskArea } from '../doctor/disk-area.ts';
import { isPrivate } from '../media/private-prefix.ts';
import type { DiskGate } from '../sources/disk-gate.ts';

/** Longest time that one operation of the doctor's may take on a disk, in milliseconds: its whole look must end. */
const longestDeadlineMs = 30_000;

type DiskConfig = Extract<Config['sources'][number], { type: 'disk' }>;

/** A directory of a disk source: its root, or what a link in it leads to, which may be another disk. */
export interface Part {
  readonly option: string;
  readonly name: string;
  readonly dir: string;
  /** Where its keys begin; empty for the root, else it ends with "/". */
  readonly keysBelow: string;
  readonly links: readonly string[];
  readonly required: boolean;
  readonly deadlineMs: number;
}

/** The root comes first. `index` is the source's in the configuration. */
export function partsOf({ name, root, alsoAllow = [], required, deadline }: DiskConfig, index: number): Part[] {
  const shared = { required, deadlineMs: Math.min(deadline, longestDeadlineMs) };
  const links = alsoAllow.map(({ link }) => link);
  return [
    { ...shared, option: `sources.${index}.root`, name, dir: root, keysBelow: '', links },
    ...alsoAllow.map(({ link, to }, i) => ({
      ...shared,
      option: `sources.${index}.alsoAllow.${i}.to`,
      name: `${name}.${link}`,
      dir: to,
      keysBelow: `${link}/`,
      links: [],
    })),
  ];
}

/** A look at such a part, through a gate of its own. */
export function diskOf(
  config: Config,
  { name, dir, keysBelow, links, deadlineMs, gate }: Part & { gate: DiskGate },
): Area {
  return diskArea({
    name,
    whole: keysBelow === '',
    root: dir,
    deadlineMs,
    alsoAllow: links,
    gate,
    user: userName(),
    isPrivate: (path) => isPrivate(keysBelow + path, config.media.private),
    now: Date.now,
  });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name, as in many containers.
    return String(process.geteuid?.() ?? '');
  }
}
