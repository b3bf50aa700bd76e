/**
 * Whether a key lies under a prefix that is not carried up (`backfill.skip`), and that nobody waits for before a disk is switched off.
 *
 * @param prefixes whole segments, each ended by `/`.
 */
export function isSkipped(key: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => key.startsWith(prefix));
}
