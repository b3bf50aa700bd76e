/** Percent-encodes all but RFC 3986's unreserved characters. The text must be well-formed Unicode. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
