import { numberAsked } from './number-asked.ts';
import type { QueryPairs } from './query-pairs.ts';
import type { RequestFields } from './request-fields.ts';
import { isReservedPrefix } from './reserved-keys.ts';
import { S3Error } from './s3-error.ts';

interface Listing {
  /** As the client sees keys; '' for all. */
  readonly prefix: string;
  /** '' for none. */
  readonly delimiter: string;
  /** At most 1000, whatever the client wanted. */
  readonly most: number;
  /** Whether the client wants names percent-encoded. */
  readonly urlEncoded: boolean;
}

/** A page of keys (S3 API reference, "ListObjects" and "ListObjectsV2"). */
export interface ObjectListing extends Listing {
  readonly version: 1 | 2;
  /** `marker` or `start-after`, as the client sees keys; '' for the beginning. */
  readonly after: string;
  /** The store's own continuation token; version 2 only. */
  readonly token: string | undefined;
}

/** A page of unfinished uploads (S3 API reference, "ListMultipartUploads"). */
export interface UploadListing extends Listing {
  /** As the client sees keys; '' for the beginning. */
  readonly keyMarker: string;
  /** '' for none. */
  readonly uploadIdMarker: string;
}

const maxNameBytes = 1024;
const maxTokenCharacters = 4096;

/** Throws an S3Error: InvalidArgument, KeyTooLongError, and AccessDenied for a prefix that is reserved. */
export function askedObjects(fields: RequestFields, version: 1 | 2): ObjectListing {
  const common = listing(fields, 'max-keys');
  if (version === 1) return { ...common, version, after: name(fields, 'marker'), token: undefined };
  // Owners are all the same.
  fields.takeQuery('fetch-owner');
  const after = name(fields, 'start-after');
  const token = fields.takeQuery('continuation-token');
  return { ...common, version, after, token: token ? fromOpaque(token) : undefined };
}

/** Throws as `askedObjects`. */
export function askedUploads(fields: RequestFields): UploadListing {
  const common = listing(fields, 'max-uploads');
  return { ...common, keyMarker: name(fields, 'key-marker'), uploadIdMarker: name(fields, 'upload-id-marker') };
}

/** The same question for the store, where every key has `keyPrefix` before it. Names come back percent-encoded, so that XML can hold them. */
export function objectsQuery(asked: ObjectListing, keyPrefix: string): QueryPairs {
  const place = (key: string) => (key === '' ? '' : keyPrefix + key);
  const own: QueryPairs =
    asked.version === 1
      ? [['marker', place(asked.after)]]
      : [
          ['list-type', '2'],
          // A token goes on from where it was given, and S3 then ignores the start.
          asked.token === undefined ? ['start-after', place(asked.after)] : ['continuation-token', asked.token],
        ];
  return stated([...own, ...commonQuery(asked, keyPrefix), ['max-keys', String(asked.most)]]);
}

/** As `objectsQuery`. */
export function uploadsQuery(asked: UploadListing, keyPrefix: string): QueryPairs {
  const { keyMarker, uploadIdMarker } = asked;
  return [
    ['uploads', ''],
    ...stated([
      ['key-marker', keyMarker === '' ? '' : keyPrefix + keyMarker],
      // It means nothing without the key.
      ['upload-id-marker', keyMarker === '' ? '' : uploadIdMarker],
      ...commonQuery(asked, keyPrefix),
      ['max-uploads', String(asked.most)],
    ]),
  ];
}

/** A store's token may be a key as the store knows it: clients get it in a form that says nothing. */
export function opaqueToken(token: string): string {
  return Buffer.from(token).toString('base64url');
}

function fromOpaque(token: string): string {
  const decoded = Buffer.from(token, 'base64url').toString();
  if (token.length > maxTokenCharacters || opaqueToken(decoded) !== token)
    throw new S3Error('InvalidArgument', 'The continuation token is none of this service.');
  return decoded;
}

function listing(fields: RequestFields, most: 'max-keys' | 'max-uploads'): Listing {
  const encoding = fields.takeQuery('encoding-type') ?? '';
  if (encoding !== '' && encoding !== 'url') throw new S3Error('InvalidArgument', 'encoding-type can only be url.');
  const prefix = name(fields, 'prefix');
  if (isReservedPrefix(prefix)) throw new S3Error('AccessDenied', 'Keys under _upstairs/ are reserved.');
  return {
    prefix,
    delimiter: name(fields, 'delimiter'),
    most: Math.min(numberAsked(most, fields.takeQuery(most), 0, 2 ** 31 - 1) ?? 1000, 1000),
    urlEncoded: encoding === 'url',
  };
}

function commonQuery(asked: Listing, keyPrefix: string): QueryPairs {
  return [
    ['prefix', keyPrefix + asked.prefix],
    ['delimiter', asked.delimiter],
    ['encoding-type', 'url'],
  ];
}

function stated(pairs: QueryPairs): QueryPairs {
  return pairs.filter(([, value]) => value !== '');
}

function name(fields: RequestFields, parameter: string): string {
  const value = fields.takeQuery(parameter) ?? '';
  if (/\p{Cc}/u.test(value)) throw new S3Error('InvalidArgument', `${parameter} holds a control character.`);
  if (Buffer.byteLength(value) > maxNameBytes) throw new S3Error('KeyTooLongError', `${parameter} is too long.`);
  return value;
}
