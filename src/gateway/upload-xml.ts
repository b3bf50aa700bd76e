import { unquoted } from './copy-xml.ts';
import { type LateOutcome, needed, readLateOutcome, readStoreXml } from './store-xml.ts';
import { s3Document, xml } from './xml-writer.ts';

/** The upload's id. Throws InternalError. */
export function readInitiateResult(document: Buffer): string {
  return readStoreXml(document, 'InitiateMultipartUploadResult', (element) => needed(element, 'UploadId'));
}

/** `bucket`: the client's name for it. */
export function initiateResultXml(bucket: string, key: string, uploadId: string): string {
  return s3Document('InitiateMultipartUploadResult', [
    xml('Bucket', bucket),
    xml('Key', key),
    xml('UploadId', uploadId),
  ]);
}

/** The whole object's ETag, without quotes. */
export function readCompleteResult(document: Buffer): LateOutcome<string> {
  return readLateOutcome(document, 'CompleteMultipartUploadResult', (element) => unquoted(needed(element, 'ETag')));
}

/** `location`: the URL that the client put the object to; `etag` without quotes. */
export function completeResultXml(result: { location: string; bucket: string; key: string; etag: string }): string {
  return s3Document('CompleteMultipartUploadResult', [
    xml('Location', result.location),
    xml('Bucket', result.bucket),
    xml('Key', result.key),
    xml('ETag', `"${result.etag}"`),
  ]);
}
