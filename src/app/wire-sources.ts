import { realpath } from 'node:fs/promises';
import { ClaimedPaths } from '../sources/claimed-paths.ts';
import type { LocalDisk } from '../sources/local-disk.ts';
import type { Source } from '../sources/source.ts';
import { contentHeaders } from './content-headers.ts';
import type { Context } from './context.ts';
import { type WiredDisk, wireDisk } from './wire-disk.ts';
import { type Remote, wireRemote } from './wire-remote.ts';

export interface WiredSources {
  /** In the order in which they are asked; those that are not in use too. */
  readonly sources: readonly Source[];
  /** Those on this machine: each there, or watched for, or not in use. */
  readonly disks: readonly LocalDisk[];
  readonly remotes: readonly Remote[];
  /** Takes a source back into use, or out of it. What is elsewhere is asked for nothing by itself. */
  turn(name: string, inUse: boolean): Promise<void>;
}

/** The old places. Those that are not in use are not touched. */
export async function wireSources(context: Context, inUse: (name: string) => boolean): Promise<WiredSources> {
  const { config, metrics, teardown } = context;
  const disks = await wireDisks(context, inUse);
  const remotes = config.sources.flatMap((source) =>
    source.type === 'disk'
      ? []
      : [wireRemote(source, contentHeaders(config), teardown, metrics.sourceTook(source.name))],
  );
  const all: Source[] = [...disks.map(({ disk }) => disk), ...remotes.map(({ source }) => source)];
  const byName = new Map(all.map((source) => [source.name, source]));
  return {
    sources: config.sources.flatMap(({ name }) => byName.get(name) ?? []),
    disks: disks.map(({ disk }) => disk),
    remotes,
    turn: async (name, used) => {
      const wired = disks.find(({ disk }) => disk.name === name);
      if (used) await wired?.use();
      else wired?.rest();
    },
  };
}

async function wireDisks(context: Context, inUse: (name: string) => boolean): Promise<WiredDisk[]> {
  const { sources, state } = context.config;
  const claimed = new ClaimedPaths(await realpath(state.dir));
  return await Promise.all(
    sources.flatMap((source) =>
      source.type === 'disk' ? [wireDisk(context, source, claimed, inUse(source.name))] : [],
    ),
  );
}
