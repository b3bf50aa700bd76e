import { closeSync, existsSync, fchownSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * What root makes in another user's directory is made for that user: a command that was run by root once must not leave a file that the
 * service cannot open. To be called before the file is opened; does nothing where it is there, and for anybody but root. (What SQLite puts
 * beside a database it gives to the database's owner by itself.)
 */
export function createForOwner(file: string): void {
  if (process.geteuid?.() !== 0 || existsSync(file)) return;
  const { uid, gid } = statSync(dirname(file));
  if (uid === 0) return;
  const descriptor = openSync(file, 'a', 0o644);
  fchownSync(descriptor, uid, gid);
  closeSync(descriptor);
}
