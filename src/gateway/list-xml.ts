import { unquoted } from './copy-xml.ts';
import { type ObjectListing, opaqueToken } from './list-query.ts';
import { type Listed, listedNames, toUrl } from './listed-names.ts';
import { owner } from './request-acl.ts';
import { unreservedMarker } from './reserved-keys.ts';
import { needed, readStoreXml } from './store-xml.ts';
import { textOf, type XmlElement } from './xml-reader.ts';
import { s3Document, type Xml, xml } from './xml-writer.ts';

/** What clients are told instead of what the store says of itself. */
export interface ListedBucket {
  /** The client's name of the bucket. */
  readonly bucket: string;
  /** The store's: taken off every name. */
  readonly keyPrefix: string;
}

/**
 * A page of keys for the client, made from the store's answer to `objectsQuery`. Reserved keys are left out, so that a page may be
 * shorter than asked for, or empty, and yet not the last one. Throws InternalError.
 *
 * Markers of version 1 are the last name of the page: of its own Ceph RGW does not encode them, though it was asked to.
 */
export function objectListXml(document: Buffer, asked: ObjectListing, { bucket, keyPrefix }: ListedBucket): string {
  return readStoreXml(document, 'ListBucketResult', (listing) => {
    const { entries, prefixes, last } = listedNames(listing, 'Contents', keyPrefix);
    const encode = asked.urlEncoded ? toUrl : plain;
    const truncated = needed(listing, 'IsTruncated').trim() === 'true';
    return s3Document('ListBucketResult', [
      xml('Name', bucket),
      xml('Prefix', encode(asked.prefix)),
      ...(asked.version === 1
        ? firstVersion(asked, truncated ? last : undefined, encode)
        : secondVersion(asked, truncated ? listing : undefined, entries.length + prefixes.length, encode)),
      xml('MaxKeys', asked.most),
      optional('Delimiter', encode(asked.delimiter)),
      optional('EncodingType', asked.urlEncoded ? 'url' : ''),
      xml('IsTruncated', truncated),
      ...entries.map((entry) => contents(entry, asked, encode)),
      ...prefixes.map(({ name }) => xml('CommonPrefixes', [xml('Prefix', encode(name))])),
    ]);
  });
}

export function plain(name: string): string {
  return name;
}

export function optional(name: string, text: string): Xml | undefined {
  return text === '' ? undefined : xml(name, text);
}

/** Without a delimiter S3 gives no NextMarker, for the last key would do; it might be hidden here. */
function firstVersion(asked: ObjectListing, next: Listed | undefined, encode: typeof plain): (Xml | undefined)[] {
  return [xml('Marker', encode(asked.after)), next && xml('NextMarker', encode(unreservedMarker(next.name)))];
}

function secondVersion(
  asked: ObjectListing,
  truncated: XmlElement | undefined,
  count: number,
  encode: typeof plain,
): (Xml | undefined)[] {
  return [
    optional('StartAfter', encode(asked.after)),
    asked.token === undefined ? undefined : xml('ContinuationToken', opaqueToken(asked.token)),
    truncated && xml('NextContinuationToken', opaqueToken(needed(truncated, 'NextContinuationToken'))),
    xml('KeyCount', count),
  ];
}

function contents({ name, element }: Listed, asked: ObjectListing, encode: typeof plain): Xml {
  return xml('Contents', [
    xml('Key', encode(name)),
    xml('LastModified', needed(element, 'LastModified')),
    xml('ETag', `"${unquoted(needed(element, 'ETag'))}"`),
    xml('Size', needed(element, 'Size')),
    xml('StorageClass', textOf(element, 'StorageClass') ?? 'STANDARD'),
    asked.version === 1 ? xml('Owner', [xml('ID', owner), xml('DisplayName', owner)]) : undefined,
  ]);
}
