/**
 * From a URL path to a key, in one strict decode.
 *
 * One file, one key: a path that would open the same file under another key (`a//b`, `a/./b`, `a%2Fb`) is refused,
 * not repaired, or a mark on the one key would miss the other. Over-encoding (`%61` for `a`) is harmless, since the
 * key is the decoded name. Names are bytes: nothing is normalised, so NFC and NFD spellings are two keys, as they are
 * two files.
 */

/** Why a path is not a key. */
export type KeyProblem =
  | 'empty'
  | 'bad-escape'
  | 'bad-character'
  | 'bad-utf8'
  | 'double-encoded'
  | 'empty-segment'
  | 'dot-segment'
  | 'trailing-slash'
  | 'dot-file'
  | 'reserved'
  | 'too-long';

export type ParsedKey =
  | { readonly ok: true; readonly key: string }
  | { readonly ok: false; readonly reason: KeyProblem };

/** S3's limit for a key, in bytes of UTF-8. */
const maxKeyBytes = 1024;
/** NAME_MAX of Linux file systems: a longer name cannot exist in a disk source. */
const maxSegmentBytes = 255;
/** Holds the bucket's identity and the program's own objects. */
const reservedFolder = '_upstairs';

const statuses: Readonly<Record<KeyProblem, 400 | 404 | 414>> = {
  empty: 404,
  'bad-escape': 400,
  'bad-character': 400,
  'bad-utf8': 400,
  'double-encoded': 400,
  'empty-segment': 400,
  'dot-segment': 400,
  'trailing-slash': 404,
  'dot-file': 404,
  reserved: 404,
  'too-long': 414,
};

/** The HTTP status for a refused path: 400 malformed, 404 well formed but never served, 414 too long. */
export function statusOf(problem: KeyProblem): 400 | 404 | 414 {
  return statuses[problem];
}

/** @param rawPath what follows the route's prefix: still percent-encoded, without the query. */
export function parseKey(rawPath: string): ParsedKey {
  const reason = rawProblem(rawPath);
  if (reason !== undefined) return { ok: false, reason };
  let key: string;
  try {
    key = decodeURIComponent(rawPath);
  } catch {
    // Escapes are well formed by now, so this is invalid UTF-8: overlong forms, surrogates, stray bytes.
    return { ok: false, reason: 'bad-utf8' };
  }
  const problem = keyProblem(key);
  return problem === undefined ? { ok: true, key } : { ok: false, reason: problem };
}

/** What is wrong with a key that did not come from a URL (a name found on a disk, a decoded S3 key), if anything. */
export function keyProblem(key: string): KeyProblem | undefined {
  if (key === '') return 'empty';
  // U+FFFD is what Node makes of a file name that is not UTF-8: such a key would not open the file it was read from.
  if (!key.isWellFormed() || key.includes('\uFFFD')) return 'bad-utf8';
  if (/[\p{Cc}\\]/u.test(key)) return 'bad-character';
  // A literal `%` is a name like any other, but a name that can be decoded once more is an invitation to whatever
  // stands behind an http source to do so.
  if (/%[0-9a-f]{2}/i.test(key)) return 'double-encoded';
  if (Buffer.byteLength(key) > maxKeyBytes) return 'too-long';
  if (key === reservedFolder || key.startsWith(`${reservedFolder}/`)) return 'reserved';
  return segmentsProblem(key.split('/'));
}

function rawProblem(rawPath: string): KeyProblem | undefined {
  if (rawPath.length > maxKeyBytes * 3) return 'too-long';
  if (/[^!-~]|[\\?#]/.test(rawPath)) return 'bad-character';
  if (/%(?![0-9a-f]{2})/i.test(rawPath)) return 'bad-escape';
  if (/%2f/i.test(rawPath)) return 'bad-character';
  return undefined;
}

function segmentsProblem(segments: readonly string[]): KeyProblem | undefined {
  for (const [index, segment] of segments.entries()) {
    if (segment === '') return index > 0 && index === segments.length - 1 ? 'trailing-slash' : 'empty-segment';
    if (segment === '.' || segment === '..') return 'dot-segment';
    if (segment.startsWith('.')) return 'dot-file';
    if (Buffer.byteLength(segment) > maxSegmentBytes) return 'too-long';
  }
  return undefined;
}
