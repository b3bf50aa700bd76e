import type { CopySource } from './copy-source.ts';
import type { ObjectListing, UploadListing } from './list-query.ts';
import type { QueryPairs } from './query-pairs.ts';
import type { AskedAcl } from './request-acl.ts';
import type { Right } from './signature.ts';

/** For the store, names in lower case. `x-amz-acl` and `x-amz-copy-source` are not among them: they differ there. */
export type StoreHeaders = Readonly<Record<string, string>>;

interface OnKey<Name extends string, Needs extends Right> {
  readonly name: Name;
  readonly right: Needs;
  readonly key: string;
}

interface OnBucket<Name extends string> {
  readonly name: Name;
  readonly right: 'read';
}

export interface PutObject extends OnKey<'PutObject', 'write'> {
  readonly headers: StoreHeaders;
  /** Undefined: none was asked for. */
  readonly acl: AskedAcl | undefined;
}

export interface GetObject extends OnKey<'GetObject', 'read'> {
  /** `range` and the conditions. */
  readonly headers: StoreHeaders;
  readonly query: QueryPairs;
  readonly partNumber: number | undefined;
  /** What `response-…` parameters set in the answer: headers by name, in lower case. */
  readonly overrides: StoreHeaders;
}

export interface HeadObject extends OnKey<'HeadObject', 'read'> {
  readonly headers: StoreHeaders;
  readonly query: QueryPairs;
  readonly partNumber: number | undefined;
}

export type DeleteObject = OnKey<'DeleteObject', 'delete'>;

/** The keys are in the body: `readDeleteRequest`. */
export interface DeleteObjects {
  readonly name: 'DeleteObjects';
  readonly right: 'delete';
}

export interface CopyObject extends OnKey<'CopyObject', 'write'> {
  readonly source: CopySource;
  /** The source's conditions among them. */
  readonly headers: StoreHeaders;
  readonly acl: AskedAcl | undefined;
}

export interface PutObjectAcl extends OnKey<'PutObjectAcl', 'write'> {
  /** Undefined: it is in the body, `readAclRequest`. */
  readonly acl: AskedAcl | undefined;
}

export type GetObjectAcl = OnKey<'GetObjectAcl', 'read'>;

export interface CreateMultipartUpload extends OnKey<'CreateMultipartUpload', 'write'> {
  readonly headers: StoreHeaders;
  readonly acl: AskedAcl | undefined;
}

export interface UploadPart extends OnKey<'UploadPart', 'write'> {
  readonly uploadId: string;
  readonly partNumber: number;
  readonly query: QueryPairs;
  readonly headers: StoreHeaders;
}

export interface UploadPartCopy extends OnKey<'UploadPartCopy', 'write'> {
  readonly uploadId: string;
  readonly partNumber: number;
  readonly query: QueryPairs;
  readonly source: CopySource;
  /** The source's range and conditions. */
  readonly headers: StoreHeaders;
}

/** The parts are in the body: `readCompleteRequest`. */
export interface CompleteMultipartUpload extends OnKey<'CompleteMultipartUpload', 'write'> {
  readonly uploadId: string;
  readonly query: QueryPairs;
}

export interface AbortMultipartUpload extends OnKey<'AbortMultipartUpload', 'write'> {
  readonly uploadId: string;
  readonly query: QueryPairs;
}

export interface ListParts extends OnKey<'ListParts', 'read'> {
  readonly uploadId: string;
  readonly query: QueryPairs;
}

export interface ListMultipartUploads extends OnBucket<'ListMultipartUploads'> {
  readonly listing: UploadListing;
}

export interface ListObjects extends OnBucket<'ListObjects' | 'ListObjectsV2'> {
  readonly listing: ObjectListing;
}

export type HeadBucket = OnBucket<'HeadBucket'>;
export type GetBucketLocation = OnBucket<'GetBucketLocation'>;

/** All that a client can have done (S3 API reference, "Actions"). Anything else is refused. */
export type Operation =
  | PutObject
  | GetObject
  | HeadObject
  | DeleteObject
  | DeleteObjects
  | CopyObject
  | PutObjectAcl
  | GetObjectAcl
  | CreateMultipartUpload
  | UploadPart
  | UploadPartCopy
  | CompleteMultipartUpload
  | AbortMultipartUpload
  | ListParts
  | ListMultipartUploads
  | ListObjects
  | HeadBucket
  | GetBucketLocation;

export type OperationName = Operation['name'];
