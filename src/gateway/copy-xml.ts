import { type LateOutcome, needed, readLateOutcome } from './store-xml.ts';
import { s3Document, xml } from './xml-writer.ts';

export interface Copied {
  /** Without quotes. */
  readonly etag: string;
  /** As the store wrote it, ISO 8601. */
  readonly lastModified: string;
}

/** `CopyObjectResult` or `CopyPartResult`: what UploadPartCopy answers is called differently, and says the same. */
export type CopyRoot = 'CopyObjectResult' | 'CopyPartResult';

export function readCopyResult(document: Buffer, root: CopyRoot): LateOutcome<Copied> {
  return readLateOutcome(document, root, (element) => ({
    etag: unquoted(needed(element, 'ETag')),
    lastModified: needed(element, 'LastModified'),
  }));
}

export function copyResultXml(root: CopyRoot, { etag, lastModified }: Copied): string {
  return s3Document(root, [xml('LastModified', lastModified), xml('ETag', `"${etag}"`)]);
}

/** Ceph RGW gives some ETags with quotes and some without. */
export function unquoted(etag: string): string {
  return etag.replace(/^"(.*)"$/, '$1');
}
