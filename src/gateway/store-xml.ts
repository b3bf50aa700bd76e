import { parseStoreError } from './error-xml.ts';
import { S3Error } from './s3-error.ts';
import { readXml, textOf, type XmlElement } from './xml-reader.ts';

/** The most that is read of a store's XML: a page of 1000 keys of 1024 bytes, each percent-encoded, with room to spare. */
export const maxStoreXmlBytes = 8 * 1024 * 1024;

/** Reads an answer of the store. Throws InternalError for what is not understood: that is not the client's mistake. */
export function readStoreXml<T>(document: Buffer, root: string, read: (element: XmlElement) => T): T {
  try {
    return read(readXml(document, { root, maxBytes: maxStoreXmlBytes, control: true }));
  } catch (cause) {
    throw new S3Error('InternalError', `The store's ${root} is not understood.`, { cause });
  }
}

/** A text that must be there. */
export function needed(element: XmlElement, name: string): string {
  const text = textOf(element, name);
  if (text === undefined) throw new Error(`${element.name} without ${name}`);
  return text;
}

/**
 * What stands in a 200. S3 sends the status of a copy or completion before it is done, so that an error may follow in the body (S3 API
 * reference, "CompleteMultipartUpload").
 */
export type LateOutcome<T> =
  | { readonly kind: 'done'; readonly result: T }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** Throws as `readStoreXml`. */
export function readLateOutcome<T>(document: Buffer, root: string, read: (element: XmlElement) => T): LateOutcome<T> {
  const { code, message } = parseStoreError(document);
  if (code !== undefined) return { kind: 'failed', code, message };
  return { kind: 'done', result: readStoreXml(document, root, read) };
}
