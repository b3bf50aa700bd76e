import { mkdir, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ledgerFacts } from '../app/wire-ledger.ts';
import { loadConfig } from '../config/load.ts';
import { copyDatabase, databaseProblem } from '../lib/database-copy.ts';
import { type Fingerprint, fingerprintOf, flush } from '../lib/stored-file.ts';
import { type BackupManifest, databases, manifestName } from './backup-manifest.ts';
import { CommandError } from './command-error.ts';
import { boundLedger, expectMarks } from './ledger-file.ts';
import { version } from './version.ts';

/** Behind the names of files that are not a backup yet. */
const unfinished = '.new';
const backupNames: readonly string[] = [...databases, manifestName];
const unfinishedNames = backupNames.map((name) => name + unfinished);

/** `upstairs ledger backup`: ledger and marks, as they are now, into a directory. Works beside a running `serve`, and without one. */
export async function ledgerBackup(options: { dir: string; config: string; force?: true; json?: true }): Promise<void> {
  const { config } = loadConfig(options.config, { env: process.env, environment: false });
  const { dir, force = false } = options;
  const manifest = await backUp({ state: config.state.dir, dir, force });
  const { bucket, time, files } = manifest;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ dir: resolve(dir), ...manifest })}\n`);
    return;
  }
  const sizes = databases.map((name) => `${name} (${files[name].bytes} bytes)`).join(' and ');
  process.stdout.write(`backed up ${sizes} of the bucket ${bucket} into ${dir}, as of ${time}\n`);
}

/** @throws CommandError NO_STATE, STATE_DAMAGED, DIRECTORY_IN_USE */
async function backUp({ state, dir, force }: { state: string; dir: string; force: boolean }): Promise<BackupManifest> {
  boundLedger(state);
  expectMarks(state);
  await prepare(dir, state, force);
  try {
    const manifest = await copyInto(dir, state);
    const file = join(dir, manifestName + unfinished);
    await writeFile(file, `${JSON.stringify(manifest, null, 2)}\n`);
    await flush(file);
    // Broken off in between, over an earlier backup, the hashes do not agree: no restore takes it for one.
    for (const name of backupNames) await rename(join(dir, name + unfinished), join(dir, name));
    await flush(dir);
    await flush(dirname(resolve(dir)));
    return manifest;
  } finally {
    for (const name of unfinishedNames) await rm(join(dir, name), { force: true });
  }
}

/**
 * The ledger first, then the marks, so that the marks are never older: an attempt in the ledger names a generation of its key's mark, and
 * marks from before it would give the same generation to another decision. Nor is a delete forgotten that came between the two.
 */
async function copyInto(dir: string, state: string): Promise<BackupManifest> {
  const ledgerFile = await copyOne('ledger.db', dir, state);
  const ledger = ledgerFacts(join(dir, `ledger.db${unfinished}`));
  if (ledger?.binding === undefined)
    throw new Error('the copy of the ledger is not bound to a bucket, and the ledger is');
  const time = new Date().toISOString();
  const marksFile = await copyOne('marks.db', dir, state);
  const { endpoint, bucket } = ledger.binding;
  const files = { 'ledger.db': ledgerFile, 'marks.db': marksFile };
  return { format: 1, time, version, ledger: ledger.id, bucket, endpoint, files };
}

async function copyOne(name: string, dir: string, state: string): Promise<Fingerprint> {
  const copy = join(dir, name + unfinished);
  await copyDatabase(join(state, name), copy);
  const problem = databaseProblem(copy);
  if (problem !== undefined)
    throw new CommandError('STATE_DAMAGED', {
      found: `${join(state, name)} is damaged, and was not backed up: ${problem}`,
      expected: 'a database that passes its own check',
      todo: 'keep the earlier backups, and restore the newest (`upstairs ledger restore`)',
    });
  await flush(copy);
  return fingerprintOf(copy);
}

/** A new directory is for this user only: marks tell the names of private media. */
async function prepare(dir: string, state: string, force: boolean): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const names = await readdir(dir);
  const strange = names.find((name) => !backupNames.includes(name) && !unfinishedNames.includes(name));
  if (strange !== undefined || (await realpath(dir)) === (await realpath(state)))
    throw new CommandError('DIRECTORY_IN_USE', {
      found: `${dir} holds something else than a backup (${strange ?? 'the state itself'})`,
      expected: 'a directory that is empty or does not exist',
      todo: 'choose another directory',
    });
  if (names.length > 0 && !force)
    throw new CommandError('DIRECTORY_IN_USE', {
      found: `${dir} holds an earlier backup`,
      expected: 'a directory that is empty or does not exist',
      todo: 'choose another directory, or add --force to replace it',
    });
  for (const name of unfinishedNames) await rm(join(dir, name), { force: true });
}
