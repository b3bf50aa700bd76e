import { percentEncode } from '../lib/percent-encode.ts';
import { isReservedKey, isReservedPrefix } from './reserved-keys.ts';
import { needed } from './store-xml.ts';
import type { XmlElement } from './xml-reader.ts';

/** One line of a listing: a key, or what many keys begin with. */
export interface Listed {
  /** As the client sees it. */
  readonly name: string;
  readonly element: XmlElement;
}

export interface ListedNames {
  readonly entries: readonly Listed[];
  readonly prefixes: readonly Listed[];
  /** The last of all in the store's order, hidden or not; undefined for an empty page. */
  readonly last: Listed | undefined;
}

/** The names in a store's listing, without its key prefix, and without what is reserved. */
export function listedNames(listing: XmlElement, entryName: 'Contents' | 'Upload', keyPrefix: string): ListedNames {
  const all = (kind: string, field: string) =>
    listing.children
      .filter(({ name }) => name === kind)
      .map((element) => ({ name: fromUrl(needed(element, field)), element }))
      .filter(({ name }) => name.startsWith(keyPrefix))
      .map(({ name, element }) => ({ name: name.slice(keyPrefix.length), element }));
  const entries = all(entryName, 'Key');
  const prefixes = all('CommonPrefixes', 'Prefix');
  return {
    entries: entries.filter(({ name }) => !isReservedKey(name)),
    prefixes: prefixes.filter(({ name }) => !isReservedPrefix(name)),
    last: later(entries.at(-1), prefixes.at(-1)),
  };
}

/** Percent-encodes a name for a listing. Slashes stay, as S3 leaves them. */
export function toUrl(name: string): string {
  return percentEncode(name.toWellFormed()).replaceAll('%2F', '/');
}

/** With `encoding-type=url`, S3 writes a space as `+`; Ceph RGW writes `%20`. */
function fromUrl(text: string): string {
  return decodeURIComponent(text.replaceAll('+', '%20'));
}

/** Stores sort by the bytes of UTF-8. */
function later(one: Listed | undefined, other: Listed | undefined): Listed | undefined {
  if (!one || !other) return one ?? other;
  return Buffer.compare(Buffer.from(one.name), Buffer.from(other.name)) > 0 ? one : other;
}
