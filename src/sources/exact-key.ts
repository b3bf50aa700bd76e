/**
 * Whether a server that tidies paths up, as nginx and MinIO do (RFC 3986 §6.2.2.3), opens nothing else for it: without empty, "." and ".."
 * segments. No file has another key.
 */
export function isExactKey(key: string): boolean {
  return key.isWellFormed() && !key.includes('\0') && key.split('/').every((part) => !['', '.', '..'].includes(part));
}
