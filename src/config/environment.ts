import { existsSync, lstatSync, mkdtempSync, opendirSync, realpathSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { codeOf } from './error-code.ts';
import type { Problem } from './problems.ts';
import type { Config } from './schema.ts';

/** What the machine says to a configuration that is well-formed. */
export interface EnvironmentFindings {
  problems: Problem[];
  /** Sentences for the log; Upstairs starts nevertheless. */
  warnings: string[];
}

/**
 * Checks what a schema can't: that each disk is there, readable and not an empty mount point, that no two of them
 * overlap, and that state can be written, or its directory created, outside of them. Leaves nothing behind.
 * Blocks; a disk that hangs, hangs it. Sections that are left out are not checked.
 */
export function checkEnvironment(config: Partial<Pick<Config, 'state' | 'sources'>>): EnvironmentFindings {
  const findings: EnvironmentFindings = { problems: [], warnings: [] };
  const roots: Root[] = [];
  for (const [i, source] of (config.sources ?? []).entries()) {
    const option = `sources.${i}.root`;
    const root = look(option, source.root);
    if ('message' in root) findings.problems.push(root);
    else roots.push(root);
  }
  checkOverlaps(roots, findings);
  if (config.state !== undefined) checkState(config.state.dir, roots, findings);
  return findings;
}

const notReadable = 'is not readable: give this user r-x on it and on the directories above it';

interface Root {
  option: string;
  path: string;
  device: number;
}

/** Opens and looks instead of asking access(2), which answers for the real user and not for the effective one. */
function look(option: string, path: string): Root | Problem {
  try {
    const stats = statSync(path);
    if (!stats.isDirectory()) return { path: option, message: 'is not a directory' };
    const first = firstEntry(path);
    if (first === undefined) return { path: option, message: 'is empty: is the disk mounted?' };
    if (!maySearch(join(path, first))) return { path: option, message: notReadable };
    return { option, path: realpathSync(path), device: stats.dev };
  } catch (error) {
    return { path: option, message: reason(error) };
  }
}

function firstEntry(path: string): string | undefined {
  const directory = opendirSync(path);
  try {
    return directory.readSync()?.name;
  } finally {
    directory.closeSync();
  }
}

/** A single damaged entry is no reason to leave the rest of a dying disk behind, so other errors count as a yes. */
function maySearch(entry: string): boolean {
  try {
    lstatSync(entry);
    return true;
  } catch (error) {
    return codeOf(error) !== 'EACCES';
  }
}

function checkOverlaps(roots: Root[], { problems }: EnvironmentFindings): void {
  for (const [i, later] of roots.entries()) {
    for (const earlier of roots.slice(0, i)) {
      if (!within(later.path, earlier.path) && !within(earlier.path, later.path)) continue;
      problems.push({
        path: later.option,
        message: `is the same directory as ${earlier.option}, or one lies inside the other: a file must have one key`,
      });
    }
  }
}

function checkState(dir: string, roots: Root[], { problems, warnings }: EnvironmentFindings): void {
  const path = 'state.dir';
  const real = realPathToBe(resolve(dir));
  const around = roots.find((root) => within(real, root.path));
  if (around !== undefined) {
    problems.push({ path, message: `must not lie inside ${around.option}: move it off the old disk` });
    return;
  }
  // state/spool is swept at start.
  const swept = roots.find((root) => within(root.path, join(real, 'spool')));
  if (swept !== undefined) problems.push({ path: swept.option, message: 'must not lie inside spool/ in state.dir' });
  const existing = nearestExisting(real);
  try {
    rmdirSync(mkdtempSync(join(existing, '.upstairs-writable-')));
  } catch (error) {
    problems.push({ path, message: `can't be written (${codeOf(error)}): give this user a directory of its own` });
    return;
  }
  const device = statSync(existing).dev;
  for (const root of roots.filter((root) => root.device === device)) {
    warnings.push(`state.dir is on the same device as ${root.option}: if that disk dies, the ledger dies with it`);
  }
}

/** The directory itself or, where it is yet to be created, the one in which that will happen. */
function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

function within(inner: string, outer: string): boolean {
  const way = relative(outer, inner);
  return way !== '..' && !way.startsWith('../');
}

/** The real path that a directory will have once it is created. */
function realPathToBe(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPathToBe(parent), relative(parent, path));
  }
}

function reason(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ENOENT') return 'does not exist: is the disk mounted?';
  if (code === 'EACCES') return notReadable;
  return `can't be read (${code})`;
}
