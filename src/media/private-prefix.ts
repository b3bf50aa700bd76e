/**
 * Whether a key lies under a prefix that is never shown to readers (`backups/`, `imports/`).
 *
 * A prefix is a plain string, as in S3: `backups` also hides `backups-old/`, and `Backups/`, which is the same directory where file names have
 * no case. Hiding too much is the safe side.
 *
 * @param key decoded, as `parseKey` gives it; an encoded one would slip through.
 */
export function isPrivate(key: string, prefixes: readonly string[]): boolean {
  const name = `${key}/`.toLowerCase();
  return prefixes.some((prefix) => name.startsWith(prefix.toLowerCase()));
}
