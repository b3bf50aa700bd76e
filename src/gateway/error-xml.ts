import { readXml, textOf } from './xml-reader.ts';
import { plainDocument, xml } from './xml-writer.ts';

export interface ErrorFacts {
  /** The store's codes too, which are more than our own. */
  readonly code: string;
  readonly message: string;
  /** The path that was asked for, as it came. */
  readonly resource: string;
  readonly requestId: string;
}

/** S3 API reference, "REST error responses". */
export function errorXml({ code, message, resource, requestId }: ErrorFacts): string {
  return plainDocument('Error', [
    xml('Code', code),
    xml('Message', message),
    xml('Resource', resource),
    xml('RequestId', requestId),
  ]);
}

export interface StoreErrorFacts {
  /** Undefined: the body said nothing that is understood. A HEAD has no body at all. */
  readonly code: string | undefined;
  readonly message: string;
}

/** What a store says is wrong. Between us and it there may be relays with pages of their own: nothing here throws. */
export function parseStoreError(document: Buffer): StoreErrorFacts {
  try {
    const error = readXml(document, { root: 'Error', maxBytes: 64 * 1024, control: true });
    const code = textOf(error, 'Code');
    // It goes into logs and metrics of ours.
    return /^\w{1,64}$/.test(code ?? '') ? { code, message: textOf(error, 'Message') ?? '' } : nothing;
  } catch {
    return nothing;
  }
}

const nothing: StoreErrorFacts = { code: undefined, message: '' };
