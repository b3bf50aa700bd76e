import type { Content, Stored, World } from '../explorer/snapshot.ts';
import type { Bed } from './bed.ts';

/** The object's bytes say what it is: whole, or it is broken. */
function contentOf(text: string, world: World): Content {
  const known = ['source', 'other', ...world.mutations.map((_, i) => `new${i}`)];
  if (!known.includes(text)) throw new Error(`the bucket holds what nobody uploaded: ${JSON.stringify(text)}`);
  return text as Content;
}

/** What the real bucket holds under the key; undefined: nothing. */
export async function storedUnder(bed: Bed, world: World, key: string): Promise<Omit<Stored, 'acl'> | undefined> {
  const { status, headers, text } = await bed.ask({ method: 'GET', key });
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`the real store did not say what it holds: ${status} ${text}`);
  const copyId = headers['x-amz-meta-upstairs-copy'];
  const intentId = headers['x-amz-meta-upstairs-intent'];
  return {
    what: contentOf(text, world),
    ...(typeof copyId === 'string' ? { copyId } : {}),
    ...(typeof intentId === 'string' ? { intentId } : {}),
  };
}

/** The same, and whether everybody gets it: what counts of an ACL. */
export async function truthOf(bed: Bed, world: World, key: string): Promise<Stored | undefined> {
  const stored = await storedUnder(bed, world, key);
  if (!stored) return undefined;
  return { ...stored, acl: (await bed.anonymously(key)).status === 200 ? 'public' : 'private' };
}

/** What a reader who comes now is shown: the mark, then the bucket as anybody sees it, then the source. */
export async function readerSees(bed: Bed, world: World, key: string): Promise<Content | undefined> {
  const mark = await bed.marks.get(key);
  if (mark.shown === 'gone' || mark.shown === 'private') return undefined;
  const { status, text } = await bed.anonymously(key);
  if (status === 200) return contentOf(text, world);
  if (status !== 403 && status !== 404) throw new Error(`the real store did not answer a reader: ${status} ${text}`);
  // To whom may not list the bucket, RGW says the same of what is missing and of what is private.
  if (await storedUnder(bed, world, key)) return undefined;
  const { status: copy } = await bed.ledger.record(key);
  if (mark.below === 'closed' || copy === 'copied' || !world.below) return undefined;
  return world.sourceAcl === 'public' || mark.shown === 'public' ? 'source' : undefined;
}
