import { unquoted } from './copy-xml.ts';
import { owner } from './request-acl.ts';
import { needed, readStoreXml } from './store-xml.ts';
import { textOf } from './xml-reader.ts';
import { s3Document, xml } from './xml-writer.ts';

/** The upload as the client knows it. */
export interface ListedUpload {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
}

/** A page of an upload's parts for the client, made from the store's answer. Throws InternalError. */
export function partListXml(document: Buffer, { bucket, key, uploadId }: ListedUpload): string {
  return readStoreXml(document, 'ListPartsResult', (listing) => {
    const client = [xml('ID', owner), xml('DisplayName', owner)];
    const page = ['PartNumberMarker', 'NextPartNumberMarker', 'MaxParts', 'IsTruncated'].flatMap((name) => {
      const text = textOf(listing, name);
      return text === undefined ? [] : [xml(name, text)];
    });
    const parts = listing.children.filter(({ name }) => name === 'Part');
    return s3Document('ListPartsResult', [
      xml('Bucket', bucket),
      xml('Key', key),
      xml('UploadId', uploadId),
      xml('Initiator', client),
      xml('Owner', client),
      xml('StorageClass', textOf(listing, 'StorageClass') ?? 'STANDARD'),
      ...page,
      ...parts.map((part) =>
        xml('Part', [
          xml('PartNumber', needed(part, 'PartNumber')),
          xml('LastModified', needed(part, 'LastModified')),
          xml('ETag', `"${unquoted(needed(part, 'ETag'))}"`),
          xml('Size', needed(part, 'Size')),
        ]),
      ),
    ]);
  });
}
