import { resolve } from 'node:path';
import type { RootSeen } from './look-at-root.ts';
import { lookInTime } from './look-in-time.ts';
import type { Problem } from './problems.ts';
import type { SourceConfig } from './sources-schema.ts';

/** How long the disks may take to show themselves, in milliseconds. */
const lookWithinMs = 10_000;

/** A directory that media lie in. */
export interface DiskRoot {
  /** The option that names it. */
  readonly option: string;
  readonly path: string;
  /** Undefined where the disk need not be there: it was not touched. */
  readonly device: number | undefined;
}

interface Directory {
  readonly option: string;
  readonly section: string;
  readonly path: string;
  readonly links: readonly { readonly link: string; readonly to: string }[];
  readonly required: boolean;
}

/** The directories of media that can be used, and what is wrong with the others; `retired` ones are left alone. Blocks, but not for ever. */
export function diskRoots(
  sources: readonly SourceConfig[],
  retired: ReadonlySet<string>,
  problems: Problem[],
): DiskRoot[] {
  const all = sources.flatMap((source, i) => (retired.has(source.name) ? [] : directoriesOf(source, `sources.${i}`)));
  const needed = all.filter(({ required }) => required);
  const seen = lookInTime(needed, lookWithinMs);
  const looks = new Map(needed.map((directory, i) => [directory, seen[i]]));
  return all.flatMap((directory): DiskRoot[] => {
    const { option, path } = directory;
    const look = looks.get(directory);
    if (!look) return [{ option, path: resolve(path), device: undefined }];
    problems.push(...problemsOf(directory, look));
    return 'message' in look ? [] : [{ option, path: look.realPath, device: look.device }];
  });
}

function directoriesOf(source: SourceConfig, section: string): Directory[] {
  if (source.type !== 'disk') return [];
  const { root, alsoAllow = [], required } = source;
  const parts = alsoAllow.map(({ to }, i) => ({
    option: `${section}.alsoAllow.${i}.to`,
    section,
    path: to,
    links: [],
  }));
  return [{ option: `${section}.root`, section, path: root, links: alsoAllow }, ...parts].map((directory) => ({
    ...directory,
    required,
  }));
}

function problemsOf({ option, section }: Directory, look: RootSeen): Problem[] {
  if ('message' in look) return [{ path: option, message: look.message }];
  return look.links.flatMap((message, i) =>
    message === undefined ? [] : [{ path: `${section}.alsoAllow.${i}.link`, message }],
  );
}
