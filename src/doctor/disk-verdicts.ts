import type { DiskSample } from './disk-walk.ts';
import { error, type Finding, ok, warning } from './finding.ts';

export interface DiskFacts {
  readonly name: string;
  readonly root: string;
  /** Who asks, for commands that grant rights. */
  readonly user: string;
  readonly deadlineMs: number;
  readonly alsoAllow: readonly string[];
}

const slowReadMs = 500;
/** A share of closed files that is no accident: Mastodon hides single files, an umask all of them. */
const oddShare = 0.1;

/** What a sample of a disk says of rights, modes, links and health. */
export function diskVerdicts(sample: DiskSample, { name, root, user, deadlineMs, alsoAllow }: DiskFacts): Finding[] {
  const check = (what: string) => `sources.${name}.${what}`;
  const findings: Finding[] = [];
  if (sample.hung)
    findings.push(
      error(
        check('answers'),
        `the disk did not answer within ${deadlineMs} ms`,
        'answers: each hung operation costs a thread',
        'dmesg -T | tail, smartctl -a: is it dying? Upstairs serves the rest meanwhile; leave the source in, or take it out until it answers',
      ),
    );
  const denied = [...sample.deniedDirectories, ...sample.deniedFiles];
  findings.push(
    denied.length === 0
      ? ok(check('readable'), `${sample.entries} entries looked at`)
      : error(
          check('readable'),
          `${denied.length} of ${sample.entries} entries are closed to ${user} (EACCES), ${shown(denied)}`,
          'r-x on all directories and r on all public files, or they are answered 503 and never copied',
          `setfacl -R -m u:${user}:rX ${root}, or put ${user} into the group that owns the files`,
        ),
  );
  const { closedFiles, publicFiles } = sample;
  findings.push(
    closedFiles.length <= publicFiles * oddShare
      ? ok(check('modes'), `${closedFiles.length} of ${publicFiles} files are private`)
      : warning(
          check('modes'),
          `${closedFiles.length} of ${publicFiles} files are closed to group and others (0600), ${shown(closedFiles)}`,
          'files that others may read (0644): the rest counts as private, is answered 404 and copied as private',
          `an odd umask? If they are meant to be public: find ${root} -type f ! -perm /044 -exec chmod go+r {} +, before the move`,
        ),
  );
  const links = sample.symlinks.filter((path) => !alsoAllow.includes(path));
  if (links.length > 0)
    findings.push(
      warning(
        check('symlinks'),
        `symbolic links, ${shown(links)}: what lies behind is not served`,
        'files and directories: one file has one key',
        `name honest ones in alsoAllow of this source, or mount there what they point to (mount --bind)`,
      ),
    );
  if (sample.damaged.length > 0)
    findings.push(
      warning(
        check('damaged'),
        `${sample.damaged.length} of ${sample.entries} entries cannot be read (EIO), ${shown(sample.damaged)}`,
        'a disk that gives what it holds',
        'the disk is dying: phase: move now, a low maxOutstanding, and an image of it (ddrescue) if there is room',
      ),
    );
  const slowest = sample.slowestReadMs;
  if (slowest !== undefined && slowest > slowReadMs)
    findings.push(
      warning(
        check('latency'),
        `a read of 64 KiB took ${Math.round(slowest)} ms`,
        `less than ${slowReadMs} ms`,
        'a dying, sleeping or overloaded disk? smartctl -a; hdparm -S 0; fewer at once: maxOutstanding',
      ),
    );
  else if (slowest !== undefined) findings.push(ok(check('latency'), `${Math.round(slowest)} ms for 64 KiB`));
  return findings;
}

function shown(paths: readonly string[]): string {
  return `${paths[0]}${paths.length > 1 ? ' and others' : ''}`;
}
