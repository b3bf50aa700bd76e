import type { UploadListing } from './list-query.ts';
import { type ListedBucket, optional, plain } from './list-xml.ts';
import { type Listed, listedNames, toUrl } from './listed-names.ts';
import { owner } from './request-acl.ts';
import { unreservedMarker } from './reserved-keys.ts';
import { needed, readStoreXml } from './store-xml.ts';
import { textOf } from './xml-reader.ts';
import { s3Document, type Xml, xml } from './xml-writer.ts';

/** A page of unfinished uploads for the client, made from the store's answer to `uploadsQuery`. Throws InternalError. */
export function uploadListXml(document: Buffer, asked: UploadListing, { bucket, keyPrefix }: ListedBucket): string {
  return readStoreXml(document, 'ListMultipartUploadsResult', (listing) => {
    const { entries, prefixes, last } = listedNames(listing, 'Upload', keyPrefix);
    const encode = asked.urlEncoded ? toUrl : plain;
    const truncated = needed(listing, 'IsTruncated').trim() === 'true';
    return s3Document('ListMultipartUploadsResult', [
      xml('Bucket', bucket),
      xml('KeyMarker', encode(asked.keyMarker)),
      xml('UploadIdMarker', asked.uploadIdMarker),
      ...(truncated && last ? nextMarkers(last, encode) : []),
      optional('Prefix', encode(asked.prefix)),
      optional('Delimiter', encode(asked.delimiter)),
      optional('EncodingType', asked.urlEncoded ? 'url' : ''),
      xml('MaxUploads', asked.most),
      xml('IsTruncated', truncated),
      ...entries.map((entry) => upload(entry, encode)),
      ...prefixes.map(({ name }) => xml('CommonPrefixes', [xml('Prefix', encode(name))])),
    ]);
  });
}

/** Of the last name of the page; common prefixes have no upload. */
function nextMarkers({ name, element }: Listed, encode: typeof plain): Xml[] {
  return [
    xml('NextKeyMarker', encode(unreservedMarker(name))),
    xml('NextUploadIdMarker', textOf(element, 'UploadId') ?? ''),
  ];
}

function upload({ name, element }: Listed, encode: typeof plain): Xml {
  const client = [xml('ID', owner), xml('DisplayName', owner)];
  return xml('Upload', [
    xml('Key', encode(name)),
    xml('UploadId', needed(element, 'UploadId')),
    xml('Initiator', client),
    xml('Owner', client),
    xml('StorageClass', textOf(element, 'StorageClass') ?? 'STANDARD'),
    xml('Initiated', needed(element, 'Initiated')),
  ]);
}
