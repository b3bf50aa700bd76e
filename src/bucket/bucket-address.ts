import { percentEncode } from '../lib/percent-encode.ts';

export interface BucketLocation {
  /** Scheme, host and port of the store, no path. */
  readonly endpoint: string;
  readonly name: string;
  /** Put before every key; empty, or ends with a slash. */
  readonly keyPrefix: string;
  readonly addressing: 'path' | 'virtual';
}

/** Where an object is: origin to connect to, `Host` to send, path with every byte encoded that S3 signs encoded. */
export class BucketAddress {
  readonly origin: string;
  readonly host: string;
  /** The path of the bucket itself. */
  readonly bucketPath: string;
  readonly #name: string;
  readonly #keyPrefix: string;

  constructor(location: BucketLocation) {
    const url = new URL(location.endpoint);
    if (location.addressing === 'virtual') url.hostname = `${location.name}.${url.hostname}`;
    this.origin = url.origin;
    this.host = url.host;
    this.bucketPath = location.addressing === 'virtual' ? '/' : `/${location.name}/`;
    this.#name = location.name;
    this.#keyPrefix = location.keyPrefix;
  }

  pathOf(key: string): string {
    return this.bucketPath + encodeKey(this.#keyPrefix + key);
  }

  /** Where anybody may fetch the object, if its ACL lets them: below the bucket itself, or below `base`, which has no slash at its end. */
  publicUrlOf(key: string, base?: string): string {
    return `${base === undefined ? this.origin + this.bucketPath : `${base}/`}${encodeKey(this.#keyPrefix + key)}`;
  }

  /** The object as `x-amz-copy-source` names it, with its bucket however that is addressed (S3 API reference, "CopyObject"). */
  copySourceOf(key: string): string {
    return `/${this.#name}/${encodeKey(this.#keyPrefix + key)}`;
  }
}

/** Percent-encodes all but RFC 3986's unreserved characters and the slash, as Signature Version 4 asks for S3. */
export function encodeKey(key: string): string {
  return percentEncode(key).replaceAll('%2F', '/');
}
