import { realpath } from 'node:fs/promises';
import { ClaimedPaths } from '../sources/claimed-paths.ts';
import type { LocalDisk } from '../sources/local-disk.ts';
import type { Source } from '../sources/source.ts';
import { contentHeaders } from './content-headers.ts';
import type { Context } from './context.ts';
import { wireDisk } from './wire-disk.ts';
import { type Remote, wireRemote } from './wire-remote.ts';

/** The old places in the order in which they are asked; the disks among them, each of them there or watched for; and those elsewhere. */
export async function wireSources(
  context: Context,
): Promise<{ sources: Source[]; disks: LocalDisk[]; remotes: Remote[] }> {
  const { config, teardown } = context;
  const disks = await wireDisks(context);
  const remotes = config.sources.flatMap((source) =>
    source.type === 'disk' ? [] : [wireRemote(source, contentHeaders(config), teardown)],
  );
  const all: Source[] = [...disks, ...remotes.map(({ source }) => source)];
  const byName = new Map(all.map((source) => [source.name, source]));
  return { sources: config.sources.flatMap(({ name }) => byName.get(name) ?? []), disks, remotes };
}

async function wireDisks(context: Context): Promise<LocalDisk[]> {
  const { sources, state } = context.config;
  const claimed = new ClaimedPaths(await realpath(state.dir));
  return await Promise.all(
    sources.flatMap((source) => (source.type === 'disk' ? [wireDisk(context, source, claimed)] : [])),
  );
}
