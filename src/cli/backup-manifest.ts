import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CommandError } from './command-error.ts';

/** The databases of a state directory, in the order in which they are backed up: see `backUp`. */
export const databases = ['ledger.db', 'marks.db'] as const;

export const manifestName = 'backup.json';

const file = z.strictObject({ bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

const manifestSchema = z.strictObject({
  format: z.literal(1),
  /** What was decided after this moment may be missing. UTC, ISO 8601. */
  time: z.iso.datetime(),
  /** Of the program that made the backup. */
  version: z.string(),
  /** The ledger's id, as it stands in the bucket's identity object. */
  ledger: z.string(),
  bucket: z.string(),
  endpoint: z.string(),
  files: z.strictObject({ 'ledger.db': file, 'marks.db': file }),
});

/** What a backup says of itself, in `backup.json`. */
export type BackupManifest = z.output<typeof manifestSchema>;

/** @throws CommandError NO_BACKUP, BACKUP_DAMAGED */
export async function readManifest(dir: string): Promise<BackupManifest> {
  const path = join(dir, manifestName);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new CommandError('NO_BACKUP', {
      found: `there is no backup in ${dir}: ${manifestName} is missing`,
      expected: 'a directory that `upstairs ledger backup` wrote',
      todo: 'name that directory',
    });
  }
  const manifest = manifestSchema.safeParse(parsed(text));
  if (!manifest.success) throw backupDamaged(`${path} is damaged, or of another program's making`);
  return manifest.data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON: the schema refuses it with the rest.
    return undefined;
  }
}

export function backupDamaged(found: string): CommandError {
  return new CommandError('BACKUP_DAMAGED', {
    found,
    expected: 'a backup as it was written: nothing was restored from this one',
    todo: 'take another backup, or copy this one anew from where it came',
  });
}
