export interface ListingEntry {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
}

export interface ListingAnswer {
  readonly entries: readonly ListingEntry[];
  readonly prefixes: readonly string[];
  readonly truncated: boolean;
}

/**
 * Reads the XML of a ListObjectsV2. By hand: an XML parser takes 30 ms for a page of 1000 keys, which in `serve` every reader would wait for;
 * this takes 2. So it is strict where something could be overlooked, and throws: a cut answer, a count that does not agree.
 */
export function readListing(xml: string): ListingAnswer {
  const end = xml.lastIndexOf('</ListBucketResult>');
  if (end === -1 || !/^\s*(?:<\?xml[^>]*>\s*)?<ListBucketResult[\s>]/.test(xml)) throw new Error('it is no listing');
  const contents = elements(xml, 'Contents');
  const common = elements(xml, 'CommonPrefixes');
  // Beside the elements: a key cannot hold `<`, so these are nowhere in them.
  const head = `${xml.slice(0, Math.min(contents.begin, common.begin))}${xml.slice(Math.max(contents.end, common.end))}`;
  const plain = textOf(head, 'EncodingType') === 'url' ? fromUrl : (text: string) => text;
  const count = textOf(head, 'KeyCount');
  if (count !== undefined && Number(count) !== contents.inner.length + common.inner.length)
    throw new Error(`it counts ${count} names, and has ${contents.inner.length + common.inner.length}`);
  const truncated = textOf(head, 'IsTruncated');
  if (truncated !== 'true' && truncated !== 'false') throw new Error('it does not tell whether there is more');
  return {
    entries: contents.inner.map((element) => entryIn(element, plain)),
    prefixes: common.inner.map((element) => plain(needed(element, 'Prefix'))),
    truncated: truncated === 'true',
  };
}

function entryIn(element: string, plain: (text: string) => string): ListingEntry {
  const size = needed(element, 'Size');
  if (!/^\d{1,15}$/.test(size)) throw new Error('a size is no number');
  const etag = (textOf(element, 'ETag') ?? '').replace(/^"(.*)"$/, '$1');
  return { name: plain(needed(element, 'Key')), size: Number(size), etag };
}

/** What stands within each element of a name, and where the first begins and the last ends. */
function elements(xml: string, name: string): { inner: string[]; begin: number; end: number } {
  const [open, close] = [`<${name}>`, `</${name}>`];
  const inner: string[] = [];
  const begin = xml.indexOf(open);
  let end = 0;
  for (let at = begin; at !== -1; at = xml.indexOf(open, end)) {
    const till = xml.indexOf(close, at);
    if (till === -1) throw new Error('it breaks off');
    inner.push(xml.slice(at + open.length, till));
    end = till + close.length;
  }
  return { inner, begin: begin === -1 ? xml.length : begin, end };
}

function textOf(xml: string, name: string): string | undefined {
  const open = `<${name}>`;
  const at = xml.indexOf(open);
  if (at === -1) return undefined;
  const till = xml.indexOf(`</${name}>`, at);
  if (till === -1) throw new Error('it breaks off');
  const text = xml.slice(at + open.length, till);
  return text.includes('&') ? text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, entity) : text;
}

function needed(xml: string, name: string): string {
  const text = textOf(xml, name);
  if (text === undefined) throw new Error(`${name} is missing`);
  return text;
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function entity(whole: string, decimal?: string, hex?: string, name?: string): string {
  if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
  if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
  const character = named[name ?? ''];
  if (character === undefined) throw new Error(`${whole} is unknown`);
  return character;
}

/** With `encoding-type=url`, S3 writes a space as `+`; Ceph RGW writes `%20`. */
function fromUrl(text: string): string {
  return decodeURIComponent(text.replaceAll('+', '%20'));
}
