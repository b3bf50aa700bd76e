import { existsSync, mkdtempSync, realpathSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { isInside } from '../lib/is-inside.ts';
import { checkAuthorities } from './check-authorities.ts';
import { checkCertificates } from './check-certificates.ts';
import { type DiskRoot, diskRoots } from './disk-roots.ts';
import type { EnvironmentFindings } from './environment-findings.ts';
import { codeOf } from './error-code.ts';
import { type ListenerSections, listenersOf } from './listeners.ts';
import type { Config } from './schema.ts';

/**
 * Checks what a schema can't: that each disk is there, readable and not an empty mount point, that no two of them
 * overlap, and that state can be written, or its directory created, outside of them; and the certificates. Leaves nothing behind.
 * Blocks; a disk that hangs is a problem after 10 s, and then keeps the process from ending by itself. Sections that are left out are not checked,
 * nor are sources with a name in `retired`: their disks may be gone.
 */
export function checkEnvironment(
  config: Partial<Pick<Config, 'state' | 'sources'>> & ListenerSections,
  retired: ReadonlySet<string> = new Set(),
): EnvironmentFindings {
  const findings: EnvironmentFindings = { problems: [], warnings: [] };
  const roots = diskRoots(config.sources ?? [], retired, findings.problems);
  checkOverlaps(roots, findings);
  if (config.state !== undefined) checkState(config.state.dir, roots, findings);
  checkCertificates(listenersOf(config), findings, Date.now());
  checkAuthorities(config.sources ?? [], findings.problems);
  return findings;
}

function checkOverlaps(roots: readonly DiskRoot[], { problems }: EnvironmentFindings): void {
  for (const [i, later] of roots.entries()) {
    for (const earlier of roots.slice(0, i)) {
      if (!isInside(later.path, earlier.path) && !isInside(earlier.path, later.path)) continue;
      problems.push({
        path: later.option,
        message: `is the same directory as ${earlier.option}, or one lies inside the other: a file must have one key`,
      });
    }
  }
}

function checkState(dir: string, roots: readonly DiskRoot[], { problems, warnings }: EnvironmentFindings): void {
  const path = 'state.dir';
  const real = realPathToBe(resolve(dir));
  const around = roots.find((root) => isInside(real, root.path));
  if (around !== undefined) {
    problems.push({ path, message: `must not lie inside ${around.option}: move it off the old disk` });
    return;
  }
  // state/spool is swept at start.
  const swept = roots.find((root) => isInside(root.path, join(real, 'spool')));
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

/** The real path that a directory will have once it is created. */
function realPathToBe(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPathToBe(parent), relative(parent, path));
  }
}
