import { existsSync, renameSync } from 'node:fs';
import { LaterVersionError } from '../lib/sqlite.ts';
import { isDamage } from '../lib/sqlite-error.ts';
import { openFilesDatabase } from './files-database.ts';

/**
 * Puts a `files.db` aside that cannot be used, being damaged or of a later version: what it holds can be made again by looking, and no reader
 * may go without a picture because of it. Returns why; undefined: it is usable. Blocks; to be called before anything else opens it.
 */
export function rescueFiles(file: string, nowMs: number): unknown {
  try {
    openFilesDatabase(file).close();
    return undefined;
  } catch (error) {
    if (!isDamage(error) && !(error instanceof LaterVersionError)) throw error;
    for (const end of ['', '-wal', '-shm'])
      if (existsSync(file + end)) renameSync(file + end, `${file}.unusable-${nowMs}${end}`);
    return error;
  }
}
