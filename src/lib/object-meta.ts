/**
 * The headers of a stored object that a reader may see, besides the validators that are answered from `ObjectMeta`: nothing `x-amz-*`,
 * `x-rgw-*` or `set-cookie`.
 */
export const representationHeaders = [
  'content-type',
  'content-disposition',
  'content-encoding',
  'content-language',
  'cache-control',
  'expires',
] as const;

/** What is known of an object without its bytes, whichever tier holds it. */
export interface ObjectMeta {
  /** Length in bytes. */
  readonly size: number;
  /** The source's mtime, also after the move (kept as `x-amz-meta-mtime`), in milliseconds since the epoch. */
  readonly mtimeMs: number;
  /** A strong entity tag with its quotes (RFC 9110 §8.8.3); absent while the content's MD5 is not known yet. */
  readonly etag?: string;
  /** The representation headers that a reader may see, names in lower case: `content-type`, `cache-control`, … */
  readonly headers: Readonly<Record<string, string>>;
}

/** The entity tag of a content whose MD5 is known: the MD5 in hex, quoted, as S3 does for a single PutObject. */
export function etagOfMd5(md5Hex: string): string {
  return `"${md5Hex}"`;
}
