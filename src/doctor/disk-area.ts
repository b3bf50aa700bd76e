import { realpath } from 'node:fs/promises';
import type { Area } from './area.ts';
import { diskLayout } from './disk-layout.ts';
import { diskVerdicts } from './disk-verdicts.ts';
import { type Gate, walkDisk } from './disk-walk.ts';
import { type Finding, ok } from './finding.ts';
import { mountOf, mountsHere } from './mounts.ts';

export interface DiskAreaOptions {
  /** `basement`, or `basement.cache` for what a link of alsoAllow leads to. */
  readonly name: string;
  /** False: it is what a link leads to. */
  readonly whole: boolean;
  readonly root: string;
  readonly deadlineMs: number;
  readonly alsoAllow: readonly string[];
  readonly gate: Gate;
  readonly user: string;
  readonly isPrivate: (key: string) => boolean;
  readonly now: () => number;
}

const maxEntries = 200;
const maxMs = 2000;

/** A disk whose root was found to be there: a sample of what is in it. */
export function diskArea(options: DiskAreaOptions): Area {
  return { name: `sources.${options.name}`, limitMs: maxMs + 4 * options.deadlineMs, run: () => examineDisk(options) };
}

async function* examineDisk(options: DiskAreaOptions): AsyncGenerator<Finding> {
  const root = await options.gate.read(() => realpath(options.root));
  const mount = mountOf(root, await mountsHere());
  if (mount)
    yield ok(
      `sources.${options.name}.mount`,
      `${mount.point}, ${mount.type}, ${mount.readOnly ? 'read-only' : 'read-write'}`,
    );
  if (options.whole) {
    const layout = await diskLayout({ name: options.name, root, gate: options.gate });
    if (layout) yield layout;
  }
  const sample = await walkDisk({ ...options, root, maxEntries, maxMs });
  yield* diskVerdicts(sample, options);
}
