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
  readonly #pathPrefix: string;
  readonly #keyPrefix: string;

  constructor(location: BucketLocation) {
    const url = new URL(location.endpoint);
    if (location.addressing === 'virtual') url.hostname = `${location.name}.${url.hostname}`;
    this.origin = url.origin;
    this.host = url.host;
    this.#pathPrefix = location.addressing === 'virtual' ? '/' : `/${location.name}/`;
    this.#keyPrefix = location.keyPrefix;
  }

  pathOf(key: string): string {
    return this.#pathPrefix + encodeKey(this.#keyPrefix + key);
  }
}

/** Percent-encodes all but RFC 3986's unreserved characters and the slash, as Signature Version 4 asks for S3. */
export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/');
}
