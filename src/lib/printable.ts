/** Names of files and answers of stores come from elsewhere: they must not begin a line or speak to the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
}
