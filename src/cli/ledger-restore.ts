import { chownSync, existsSync, statSync } from 'node:fs';
import { copyFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ledgerFacts } from '../app/wire-ledger.ts';
import { openProof } from '../app/wire-proof.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { databaseProblem } from '../lib/database-copy.ts';
import { fingerprintOf, flush } from '../lib/stored-file.ts';
import { type BackupManifest, backupDamaged, databases, readManifest } from './backup-manifest.ts';
import { CommandError } from './command-error.ts';
import { lockState } from './state-lock.ts';

const unfinished = '.restoring';
/** What SQLite keeps beside a database; under another database's name it would be taken for that one's. */
const companions = ['', '-wal', '-shm', '-journal'];

/** `upstairs ledger restore`: puts a backup where the state is to be, while no `serve` runs. Says what is not known afterwards. */
export async function ledgerRestore(options: {
  dir: string;
  config: string;
  replace?: true;
  json?: true;
}): Promise<void> {
  const { config } = loadConfig(options.config, { env: process.env, environment: false });
  const { dir, replace = false } = options;
  const manifest = await readManifest(dir);
  expectBucket(config, manifest);
  const state = config.state.dir;
  const lock = lockState(state);
  try {
    const kept = await restore({ dir, state, manifest, replace });
    const { bucket, ledger, time } = manifest;
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ state, bucket, ledger, time, kept })}\n`
        : `${told(state, manifest, kept).join('\n')}\n`,
    );
  } finally {
    lock.release();
  }
}

function expectBucket({ bucket }: Config, manifest: BackupManifest): void {
  if (manifest.bucket !== bucket.name)
    throw new CommandError('WRONG_BUCKET', {
      found: `the backup is of the bucket ${manifest.bucket}, and bucket.name is ${bucket.name}`,
      expected: 'a backup of the bucket that is configured',
      todo: 'take the backup of this bucket, or the configuration of that one',
    });
}

interface Restore {
  readonly dir: string;
  readonly state: string;
  readonly manifest: BackupManifest;
  readonly replace: boolean;
}

/**
 * Nothing is moved before the copies are whole, on the disk and checked. Then the ledger leaves first and comes last: broken off in between,
 * the state has no ledger, and one without uses no source; an old ledger beside new, empty marks would bring back what was deleted.
 * @returns where the state that was there is kept
 * @throws CommandError STATE_EXISTS, NO_BACKUP, BACKUP_DAMAGED
 */
async function restore({ dir, state, manifest, replace }: Restore): Promise<string[]> {
  const there = databases
    .flatMap((name) => companions.map((end) => name + end))
    .filter((name) => existsSync(join(state, name)));
  if (there.length > 0 && !replace)
    throw new CommandError('STATE_EXISTS', {
      found: `${state} holds a state already (${there.join(', ')})`,
      expected: 'a state directory without a state',
      todo: 'add --replace to move it aside',
    });
  try {
    for (const name of databases) await copyOne(name, dir, state, manifest);
    expectLedger(join(state, `ledger.db${unfinished}`), dir, manifest);
    await forgetProven(join(state, `ledger.db${unfinished}`));
    const kept = await moveAside(state);
    for (const name of databases.toReversed()) {
      await rename(join(state, name + unfinished), join(state, name));
      await flush(state);
    }
    return kept;
  } finally {
    for (const end of companions)
      for (const name of databases) await rm(join(state, name + unfinished + end), { force: true });
  }
}

/** What is checked is the copy: the backup itself may lie on a medium that reads differently the second time. */
async function copyOne(name: (typeof databases)[number], dir: string, state: string, manifest: BackupManifest) {
  const copy = join(state, name + unfinished);
  const original = join(dir, name);
  if (!existsSync(original))
    throw new CommandError('NO_BACKUP', {
      found: `the backup in ${dir} is not whole: ${name} is missing`,
      expected: 'all the files that `upstairs ledger backup` wrote',
      todo: 'take another backup, or copy this one anew from where it came',
    });
  await copyFile(original, copy);
  const { bytes, sha256 } = await fingerprintOf(copy);
  const told = manifest.files[name];
  if (bytes !== told.bytes || sha256 !== told.sha256)
    throw backupDamaged(`${original} is not what was backed up: its size or SHA-256 is another`);
  const problem = databaseProblem(copy);
  if (problem !== undefined) throw backupDamaged(`${original} is damaged: ${problem}`);
  // Restored by root, it must still be the program's.
  const { uid, gid } = statSync(state);
  if (process.geteuid?.() === 0) chownSync(copy, uid, gid);
  await flush(copy);
}

function expectLedger(copy: string, dir: string, manifest: BackupManifest): void {
  const ledger = ledgerFacts(copy);
  if (ledger?.id !== manifest.ledger || ledger.binding?.bucket !== manifest.bucket)
    throw backupDamaged(`the ledger in ${dir} is another than the one that was backed up`);
}

/** What a verification found of a later state is not in the backup; and what it found of this one, a source may not be switched off by. */
async function forgetProven(copy: string): Promise<void> {
  const { verifications, close } = openProof(copy);
  try {
    await verifications.forgetProven();
  } finally {
    await close();
  }
  await flush(copy);
}

async function moveAside(state: string): Promise<string[]> {
  const suffix = `.replaced-${new Date().toISOString().replace(/[-:.]/g, '')}`;
  const kept: string[] = [];
  for (const name of databases) {
    // The database first: SQLite deletes a -wal that it finds beside none.
    for (const end of companions) {
      if (!existsSync(join(state, name + end))) continue;
      await rename(join(state, name + end), join(state, name + suffix + end));
      kept.push(name + suffix + end);
    }
    await flush(state);
  }
  return kept;
}

function told(state: string, { bucket, ledger, time }: BackupManifest, kept: readonly string[]): string[] {
  return [
    `restored the state of ${time} for the bucket ${bucket} (ledger ${ledger}) into ${state}`,
    ...(kept.length > 0 ? [`what was there is kept beside it: ${kept.join(', ')}`] : []),
    `Not known any more: what was deleted, made private or made public after ${time}. ` +
      'Media deleted since then that are still on a source can be read again, and will be copied again: delete them once more.',
  ];
}
