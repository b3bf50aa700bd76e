/** As much of an error as is kept beside a key. */
const maxLength = 200;

/**
 * What went wrong, in a few words for people: what the error itself has for them, or the system's code and call. No path, no stack.
 * Undefined: it says nothing.
 */
export function errorDetail(error: unknown): string | undefined {
  const words = wordsOf(error);
  return words !== undefined && words.length > maxLength ? `${words.slice(0, maxLength - 1)}…` : words;
}

function wordsOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { detail, code, syscall } = error as { detail?: unknown; code?: unknown; syscall?: unknown };
  if (typeof detail === 'string') return detail;
  // Of a call to the system, the message has the path in it.
  if (typeof code === 'string' && typeof syscall === 'string') return `${code} (${syscall})`;
  const cause = wordsOf(error.cause);
  return cause === undefined ? error.message : `${error.message}: ${cause}`;
}
