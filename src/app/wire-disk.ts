import type { SourceConfig } from '../config/sources-schema.ts';
import { OperatorError } from '../lib/operator-error.ts';
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
class DiskRequiredError extends OperatorError<'DISK_REQUIRED'> {
  constructor(disk: string, absences: readonly string[]) {
    super('DISK_REQUIRED', {
      found: `the disk ${disk}: ${absences.join('; ')}`,
      expected: 'a disk that is there at the start, unless it has required: false',
      todo: 'mount it, or set required: false, and it is used once it appears',
    });
  }
}

/** A disk that may be taken out of use, and back in. */
export interface WiredDisk {
  readonly disk: LocalDisk;
  /** Looks for it: it is used as soon as it is there. */
  use(): Promise<void>;
  /** It is not touched any more: it may be unmounted. */
  rest(): void;
}

/** A disk and what its symlinks lead to. Rejects when it is required, and not there within its deadline. Not touched unless `inUse`. */
export async function wireDisk(
  { config, metrics, report, teardown }: Context,
  source: Extract<SourceConfig, { type: 'disk' }>,
  claimed: ClaimedPaths,
  inUse: boolean,
): Promise<WiredDisk> {
  const { name, root, alsoAllow = [], required, maxOutstanding, maxLookups, maxWaiting, deadline: deadlineMs } = source;
  const shared = {
    name,
    maxOutstanding,
    maxLookups,
    maxWaiting,
    deadlineMs,
    headersOf: contentHeaders(config),
    times: new ServiceTimes(undefined, metrics.sourceTook(name)),
  };
  const directoryAt = (root: string, links: typeof alsoAllow) => {
    const directory = new AwaitedDisk({ ...shared, root, links, refusal: claimed.claimant() });
    teardown.add(`disk ${name}`, () => directory.stop());
    return directory;
  };
  const whole = directoryAt(root, alsoAllow);
  const parts = alsoAllow.map(({ link, to }) => ({ link, disk: directoryAt(to, []) }));
  const directories = [whole, ...parts.map(({ disk }) => disk)];
  const disk = parts.length === 0 ? whole : new LinkedDisk(whole, parts);
  const look = () => Promise.all(directories.map((directory) => directory.look()));
  const watch = () => {
    for (const directory of directories.filter(({ absences }) => absences.length > 0)) {
      report.diskAbsent(name, directory.absences);
      directory.watch(lookEveryMs, () => report.diskAppeared(name));
    }
  };
  let resting = !inUse;
  if (inUse) {
    await look();
    if (disk.absences.length > 0 && required) throw new DiskRequiredError(name, disk.absences);
    watch();
  }
  return {
    disk,
    use: async () => {
      resting = false;
      await look();
      // It may have been taken out again meanwhile.
      if (!resting) watch();
    },
    rest: () => {
      resting = true;
      for (const directory of directories) directory.rest();
    },
  };
}
