/** What would break a line, or not be seen in it: controls, line and paragraph separators, half of a surrogate pair. */
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;
const unseenAll = /[\u007f-\u009f\u2028\u2029]/g;

/**
 * A key on a line of its own. As it is, wherever it can be; else as a JSON string, in its quotes. A key that begins with a quote, or with
 * what a list takes for a comment, or with or before a space, is put so too: what is printed is never two keys.
 */
export function printedKey(key: string): string {
  if (key !== '' && !unseen.test(key) && !/^["#\s]|\s$/.test(key)) return key;
  return JSON.stringify(key).replace(unseenAll, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The way back. Undefined: it begins as a JSON string and is none. */
export function parsePrintedKey(text: string): string | undefined {
  if (!text.startsWith('"')) return text;
  try {
    const key: unknown = JSON.parse(text);
    return typeof key === 'string' ? key : undefined;
  } catch {
    // Not what was printed: the caller names the line.
    return undefined;
  }
}
