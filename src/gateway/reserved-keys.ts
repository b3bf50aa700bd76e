/** Holds the bucket's identity and the program's own objects: never served, listed or written for clients. */
const folder = '_upstairs';

export function isReservedKey(key: string): boolean {
  return key === folder || isReservedPrefix(key);
}

/** Whether everything that begins so is reserved. */
export function isReservedPrefix(prefix: string): boolean {
  return prefix.startsWith(`${folder}/`);
}

/** A place in a listing, without the names of reserved keys: where it is among them, it is behind them all. */
export function unreservedMarker(marker: string): string {
  return isReservedPrefix(marker) ? `${folder}/~` : marker;
}

/**
 * Whether a metadata header is the program's own. Ceph RGW takes `_` in a header's name for `-`, so that `x-amz-meta-upstairs_copy`
 * would be stored as the other.
 */
export function isReservedMetadata(name: string): boolean {
  return name.replaceAll('_', '-').startsWith('x-amz-meta-upstairs-');
}
