import { keyError } from './key-error.ts';
import type { S3ErrorCode } from './s3-error.ts';
import { needed, readStoreXml } from './store-xml.ts';
import { childrenOf, malformed, readXml, textOf, type XmlElement } from './xml-reader.ts';
import { s3Document, type Xml, xml } from './xml-writer.ts';

export interface KeyFailure {
  readonly code: string;
  readonly message: string;
}

export interface DeleteRequest {
  /** Only failures are told of. */
  readonly quiet: boolean;
  /** In order, each once. */
  readonly keys: readonly string[];
  /** What is not even asked of the store. */
  readonly refused: readonly RefusedKey[];
}

export interface RefusedKey extends KeyFailure {
  readonly key: string;
  readonly code: S3ErrorCode;
}

/** S3 API reference, "DeleteObjects". */
const maxKeys = 1000;
export const maxDeleteBytes = 2 * 1024 * 1024;

/** Deletes that depend on something, or reach a version: the store's would ignore it and delete. */
const onlyIf = ['VersionId', 'ETag', 'LastModifiedTime', 'Size'];

/** Throws MalformedXML, also for more than 1000 keys or none. */
export function readDeleteRequest(document: Buffer): DeleteRequest {
  const root = readXml(document, { root: 'Delete', maxBytes: maxDeleteBytes });
  const objects = childrenOf(root, 'Object', 'Quiet').filter(({ name }) => name === 'Object');
  if (objects.length === 0 || objects.length > maxKeys) throw malformed(`there must be 1 to ${maxKeys} keys`);
  const keys = new Set<string>();
  const refused = new Map<string, RefusedKey>();
  for (const object of objects) {
    const key = keyOf(object);
    const refusal = refusalOf(key, object);
    if (refusal) refused.set(key, refusal);
    else keys.add(key);
  }
  return { quiet: quietOf(root), keys: [...keys], refused: [...refused.values()] };
}

/** The same question for the store. It is to tell of each key. */
export function deleteRequestXml(keys: Iterable<string>, keyPrefix: string): string {
  return s3Document(
    'Delete',
    [...keys].map((key) => xml('Object', [xml('Key', keyPrefix + key)])),
  );
}

/** What the store says of each key. Of a key that it says nothing of, nothing is known. Throws InternalError. */
export function readDeleteResult(document: Buffer, keyPrefix: string): ReadonlyMap<string, 'deleted' | KeyFailure> {
  return readStoreXml(document, 'DeleteResult', ({ children }) => {
    const results = new Map<string, 'deleted' | KeyFailure>();
    for (const entry of children) {
      if (entry.name !== 'Deleted' && entry.name !== 'Error') continue;
      const key = needed(entry, 'Key');
      if (!key.startsWith(keyPrefix)) continue;
      results.set(key.slice(keyPrefix.length), entry.name === 'Deleted' ? 'deleted' : failureOf(entry));
    }
    return results;
  });
}

/** The answer for the client. */
export function deleteResultXml(result: {
  readonly quiet: boolean;
  readonly deleted: Iterable<string>;
  readonly failed: Iterable<KeyFailure & { readonly key: string }>;
}): string {
  const deleted: Xml[] = result.quiet ? [] : [...result.deleted].map((key) => xml('Deleted', [xml('Key', key)]));
  const failed = [...result.failed].map(({ key, code, message }) =>
    xml('Error', [xml('Key', key), xml('Code', code), xml('Message', message)]),
  );
  return s3Document('DeleteResult', [...deleted, ...failed]);
}

function keyOf(object: XmlElement): string {
  childrenOf(object, 'Key', ...onlyIf);
  const key = textOf(object, 'Key');
  if (key === undefined) throw malformed('an Object needs a Key');
  return key;
}

function refusalOf(key: string, object: XmlElement): RefusedKey | undefined {
  if (object.children.length > 1)
    return { key, code: 'NotImplemented', message: 'Neither versions nor conditions are supported here.' };
  const error = keyError(key);
  return error && { key, code: error.code, message: error.message };
}

function quietOf(root: XmlElement): boolean {
  const text = (textOf(root, 'Quiet') ?? 'false').trim().toLowerCase();
  if (text !== 'true' && text !== 'false') throw malformed('Quiet must be true or false');
  return text === 'true';
}

function failureOf(entry: XmlElement): KeyFailure {
  return { code: needed(entry, 'Code'), message: textOf(entry, 'Message') ?? '' };
}
