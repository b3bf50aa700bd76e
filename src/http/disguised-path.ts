/**
 * Whether Mastodon's web server would take a path for one of media, though it is not written as one: `/%73ystem/x`, `//system/x`,
 * `/a/../system/x`. Rack decodes and cleans a path before it looks for a file, so such a path would lead past all that was decided
 * about a key, to a file that is still on the disk.
 *
 * @param rawPath what was asked for, percent-encoded, without the query.
 * @param prefixes of media on this host, each with `/` at its end.
 */
export function isDisguised(rawPath: string, prefixes: readonly string[]): boolean {
  const cleaned = clean(rawPath);
  return prefixes.some((prefix) => !rawPath.startsWith(prefix) && cleaned.startsWith(prefix));
}

/** As Rack::Utils does: valid escapes are decoded once, then empty and dot segments go. To parsers of URLs `\` is `/`, so here too. */
function clean(rawPath: string): string {
  const decoded = rawPath.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const segments: string[] = [];
  for (const segment of decoded.split(/[/\\]/)) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`;
}
