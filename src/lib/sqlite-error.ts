// Primary result codes: https://www.sqlite.org/rescode.html. The upper bits of an extended one say more.
const busy = 5;
const corrupt = 11;
const notADatabase = 26;

/** Another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === busy;
}

/** The file is damaged, or is no database. */
export function isDamage(error: unknown): boolean {
  const code = resultCode(error);
  return code === corrupt || code === notADatabase;
}

/** SQLite's primary result code; undefined: it is no error of SQLite. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}
