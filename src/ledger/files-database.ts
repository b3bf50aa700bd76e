import type { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '../lib/sqlite.ts';
import { filesMigrations } from './files-migrations.ts';

/**
 * Opens `files.db`, which several processes do at once: `serve`, a scan, commands that read. What it holds can be made again by looking, or
 * is no more than a graph, so a commit need not be on the disk when it returns; the file stays whole all the same
 * (https://www.sqlite.org/pragma.html#pragma_synchronous).
 */
export function openFilesDatabase(file: string): DatabaseSync {
  const db = openDatabase(file, filesMigrations);
  db.exec('PRAGMA synchronous=NORMAL');
  return db;
}
