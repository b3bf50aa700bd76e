import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { AclFix } from '../acl-fix/acl-fix.ts';
import type { AclCounts } from '../acl-fix/verdict.ts';
import { aclFixer, sourcesWithoutCanary } from '../app/wire-acl-fix.ts';
import { retiredIn } from '../app/wire-proof.ts';
import { loadConfig } from '../config/load.ts';
import { CommandError } from './command-error.ts';
import { type ExitName, endWith } from './exit-codes.ts';
import { boundLedger, expectMarks } from './ledger-file.ts';

export interface AclFixCommand {
  config: string;
  yes?: true;
  json?: true;
  concurrency: number;
  rate: number;
}

/** How long descriptors on the disks may take to close at the end, in milliseconds. */
const closingMs = 1000;
/** Keys that are named when they could not be looked at; the others are counted. */
const mostNamed = 100;

/**
 * `upstairs acl fix`: counts the objects of the bucket that an earlier tool put up as private, and with `--yes` makes them public. Exit code
 * 0: all is as it should be now; 2: there is something to do, and `--yes` was not given; 1: it did not come to its end, or of some objects
 * it is not known. Broken off or failed, it is simply run again.
 * @throws CommandError NO_STATE, WRONG_BUCKET
 */
export async function aclFix(options: AclFixCommand): Promise<void> {
  const { config } = loadConfig(options.config, { env: process.env, environment: false });
  if (!config.bucket.acls) {
    process.stdout.write(
      options.json ? '{"acls":false}\n' : 'bucket.acls is false: there are no ACLs, and nothing to do\n',
    );
    return;
  }
  const { id: ledger } = boundLedger(config.state.dir);
  expectMarks(config.state.dir);
  for (const name of sourcesWithoutCanary(config))
    process.stderr.write(
      `note: the source ${name} has no canary, so its 404 proves nothing: what is not found there stays private\n`,
    );
  for (const name of retiredIn(join(config.state.dir, 'ledger.db')))
    process.stderr.write(
      `note: the source ${name} is retired and not asked: what only its files could tell to be public stays private\n`,
    );
  const apply = options.yes ?? false;
  const failures: { key: string; reason: string }[] = [];
  const line = progressLine();
  const { fix, bucketOf, close, pendingDiskOperations } = await aclFixer(config, {
    apply,
    concurrency: options.concurrency,
    perSecond: options.rate,
    failed: (key, reason) => void (failures.length < mostNamed && failures.push({ key, reason })),
    progress: line.show,
  });
  const stop = new AbortController();
  const broken = () => stop.abort();
  process.once('SIGINT', broken);
  process.once('SIGTERM', broken);
  try {
    const found = await bucketOf();
    if (found !== ledger)
      throw new CommandError('WRONG_BUCKET', {
        found: `the bucket ${config.bucket.name} ${found === undefined ? 'has no identity' : 'belongs to another state'}, and what was made private in it is not known`,
        expected: 'the bucket of which the ledger in state.dir tells',
        todo: 'correct bucket.name, bucket.endpoint, bucket.keyPrefix or state.dir',
      });
    const told = { apply, json: options.json ?? false, failures };
    const whole = await fix.run(stop.signal).catch((error: unknown) => {
      // What was done until then is worth knowing.
      line.end();
      tell(fix, { ...told, whole: false });
      throw error;
    });
    line.end();
    tell(fix, { ...told, whole });
    endWith(exitOf(fix.counts, { apply, whole, failed: failures.length > 0 }));
  } finally {
    line.end();
    process.off('SIGINT', broken);
    process.off('SIGTERM', broken);
    await close();
    const end = performance.now() + closingMs;
    while (pendingDiskOperations() > 0 && performance.now() < end) await setTimeout(10);
    // A disk that hangs holds a thread, and the process would wait for it for ever.
    if (pendingDiskOperations() > 0) process.kill(process.pid, 'SIGKILL');
  }
}

interface Told {
  readonly apply: boolean;
  readonly whole: boolean;
  readonly json: boolean;
  readonly failures: readonly { readonly key: string; readonly reason: string }[];
}

function exitOf(
  counts: AclCounts,
  { apply, whole, failed }: Pick<Told, 'apply' | 'whole'> & { failed: boolean },
): ExitName {
  const { wrong, shown, exposed, hidden, unknown } = counts;
  if (!whole || failed || unknown > 0) return 'failed';
  if (wrong === shown && exposed === hidden) return 'done';
  return apply ? 'failed' : 'notGood';
}

function tell({ counts }: AclFix, { apply, json, whole, failures }: Told): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ acls: true, applied: apply, whole, ...counts, failures }, null, 2)}\n`);
    return;
  }
  for (const { key, reason } of failures) process.stderr.write(`${key}: ${reason}\n`);
  const { objects, wrong, shown, exposed, hidden, unknown } = counts;
  const { prefix, mark, file, upstairs, mastodon } = counts.private;
  const say = (text: string) => process.stdout.write(`${text}\n`);
  say(`${objects} objects, ${counts.public} public`);
  say(`${wrong} private that should be public${apply ? `; ${shown} made public` : ''}`);
  if (exposed > 0)
    say(`${exposed} public that were made private before${apply ? `; ${hidden} made private again` : ''}`);
  say(
    `${prefix + mark + file + upstairs + mastodon} private on purpose: ${prefix} by media.private, ${mark} through the write host, ` +
      `${file} by the mode of their file, ${upstairs} put up like that through Upstairs, ${mastodon} by Mastodon itself`,
  );
  if (unknown > 0) say(`${unknown} not known: they were left as they are`);
  if (!whole) say('it did not come to the end of the bucket: run it again');
  else if (!apply && wrong + exposed > 0) say('nothing was changed: add --yes to do it');
}

/** One line that is written over, on a terminal alone. */
function progressLine() {
  let lastMs = 0;
  let written = false;
  const end = () => {
    if (written) process.stderr.write('\n');
    written = false;
  };
  const show = ({ objects, wrong, shown }: AclCounts) => {
    if (!process.stderr.isTTY || performance.now() - lastMs < 200) return;
    lastMs = performance.now();
    written = true;
    process.stderr.write(`\r${objects} objects, ${wrong} to be made public, ${shown} made public\u001b[K`);
  };
  return { show, end };
}
