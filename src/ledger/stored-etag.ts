const md5 = /^[0-9a-f]{32}$/;

/** An ETag as it is kept: an MD5 takes half the room as bytes. */
export function etagToStore(etag: string): Uint8Array | string {
  return md5.test(etag) ? Buffer.from(etag, 'hex') : etag;
}

export function storedEtag(stored: Uint8Array | string): string {
  return typeof stored === 'string' ? stored : Buffer.from(stored).toString('hex');
}
