import mime from 'mime-types';

/** Content-Type by the key's extension, which Mastodon makes follow the MIME type. */
export function contentType(key: string): string {
  return mime.lookup(key) || 'application/octet-stream';
}
