import { existsSync } from 'node:fs';
import { peekDatabase } from '../lib/peek-database.ts';
import type { Mark } from './marks.ts';

/** Looks keys up in the file of a program that may be running, and changes nothing. */
export class MarksPeek {
  readonly #db: ReturnType<typeof peekDatabase>;

  constructor(file: string) {
    this.#db = peekDatabase(file);
  }

  /** Undefined: the key has no mark. */
  shown(key: string): Mark['shown'] | undefined {
    const row = this.#db.prepare('SELECT shown FROM marks WHERE key = ?').get(key) as Pick<Mark, 'shown'> | undefined;
    return row?.shown;
  }

  close(): void {
    this.#db.close();
  }
}

/** How many of clients' mutations are not settled, read from the file of a program that may be running. */
export function intentsIn(file: string): number {
  const db = peekDatabase(file);
  try {
    return (db.prepare('SELECT count(*) AS n FROM intents').get() as { n: number }).n;
  } finally {
    db.close();
  }
}

/** Whether marks were ever kept in this file. One that is missing or empty tells nothing of what was deleted. */
export function hasMarks(file: string): boolean {
  if (!existsSync(file)) return false;
  const db = peekDatabase(file);
  try {
    return (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version > 0;
  } finally {
    db.close();
  }
}
