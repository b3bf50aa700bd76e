import type { SourceConfig } from '../config/sources-schema.ts';
import { ServiceTimes } from '../lib/service-times.ts';
import { AwaitedDisk } from '../sources/awaited-disk.ts';
import type { ClaimedPaths } from '../sources/claimed-paths.ts';
import { LinkedDisk } from '../sources/linked-disk.ts';
import type { LocalDisk } from '../sources/local-disk.ts';
import { contentHeaders } from './content-headers.ts';
import type { Context } from './context.ts';

/** How often a disk that is not there is looked for, in milliseconds. */
const lookEveryMs = 5000;

/** A directory that the program does not start without. */
class DiskRequiredError extends Error {
  override readonly name = 'DiskRequiredError';
  readonly code = 'DISK_REQUIRED';

  constructor(disk: string, absences: readonly string[]) {
    super(
      `the disk ${disk}: ${absences.join('; ')}. Mount it, or start without it: required: false, and it is used once it appears`,
    );
  }
}

/** A disk and what its symlinks lead to. Rejects when it is required, and not there within its deadline. */
export async function wireDisk(
  { config, report, teardown }: Context,
  source: Extract<SourceConfig, { type: 'disk' }>,
  claimed: ClaimedPaths,
): Promise<LocalDisk> {
  const { name, root, alsoAllow = [], required, maxOutstanding, maxLookups, maxWaiting, deadline: deadlineMs } = source;
  const shared = {
    name,
    maxOutstanding,
    maxLookups,
    maxWaiting,
    deadlineMs,
    headersOf: contentHeaders(config),
    times: new ServiceTimes(),
    refusal: (path: string) => claimed.claim(path),
  };
  const whole = new AwaitedDisk({ ...shared, root, links: alsoAllow });
  const parts = alsoAllow.map(({ link, to }) => ({ link, disk: new AwaitedDisk({ ...shared, root: to, links: [] }) }));
  const directories = [whole, ...parts.map(({ disk }) => disk)];
  await Promise.all(directories.map((directory) => directory.look()));
  const disk = parts.length === 0 ? whole : new LinkedDisk(whole, parts);
  if (disk.absences.length > 0 && required) throw new DiskRequiredError(name, disk.absences);
  for (const directory of directories.filter(({ absences }) => absences.length > 0)) {
    report.diskAbsent(name, directory.absences);
    directory.watch(lookEveryMs, () => report.diskAppeared(name));
    teardown.add(`disk ${name}`, () => directory.stop());
  }
  return disk;
}
