import { join } from 'node:path';
import { SqliteObjects } from '../../src/ledger/sqlite-objects.ts';
import { scratch } from '../support/scratch.ts';
import { objectsContract } from './objects.contract.ts';

objectsContract('a SQLite file', () => {
  const file = join(scratch('state'), 'files.db');
  return { open: async () => new SqliteObjects(file) };
});
