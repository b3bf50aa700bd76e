import { filesMigration, fingerprintMigration } from './files-schema.ts';
import { heatMigration } from './heat-schema.ts';
import { historyMigration } from './history-schema.ts';
import { objectsMigration } from './objects-schema.ts';
import { planMigration } from './plan-schema.ts';

/** What brings `files.db` from one version to the next: files of the sources, objects of the bucket, heat, plan, and the history of the move. */
export const filesMigrations: readonly string[] = [
  filesMigration,
  objectsMigration,
  heatMigration,
  planMigration,
  historyMigration,
  fingerprintMigration,
];
