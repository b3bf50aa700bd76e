import { S3Error } from './s3-error.ts';

/**
 * Takes percent-escapes away, once. What cannot be read in one way only is refused with InvalidURI: bad escapes, invalid UTF-8, bytes
 * that RFC 3986 wants escaped. A `+` is a `+`.
 */
export function strictDecode(text: string): string {
  if (/[^!-~]|#/.test(text)) throw new S3Error('InvalidURI', 'A character in the URI must be percent-encoded.');
  if (/%(?![0-9a-f]{2})/i.test(text)) throw new S3Error('InvalidURI', 'A percent-escape in the URI is malformed.');
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new S3Error('InvalidURI', 'The URI is not valid UTF-8.', { cause });
  }
}
