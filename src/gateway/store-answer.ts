import type { Readable } from 'node:stream';
import { parseStoreError } from './error-xml.ts';
import { type RelayedError, relayed, unanswered } from './relayed-error.ts';
import { S3Error } from './s3-error.ts';
import type { StoreAnswer } from './store-gateway.ts';
import { maxStoreXmlBytes } from './store-xml.ts';

/**
 * A small body, whole. Throws InternalError when it is larger than any document of S3's, what a client's body broke with, and
 * ServiceUnavailable when a store's breaks off.
 */
export async function wholeOf(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxStoreXmlBytes) throw new S3Error('InternalError', "The store's answer is longer than it can be.");
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof S3Error) throw cause;
    throw new S3Error('ServiceUnavailable', "The store's answer broke off.", { cause });
  }
  return Buffer.concat(chunks);
}

/** What the client is told of an answer that is no success. Reads the answer to its end. */
export async function storeErrorOf(answer: StoreAnswer): Promise<RelayedError | S3Error> {
  if (answer.kind === 'unknown') return unanswered(answer);
  const { status } = answer;
  // An error's text may break off like anything else: its status says enough.
  const { code, message } = parseStoreError(await wholeOf(answer.body).catch(() => Buffer.alloc(0)));
  return relayed(status, code ?? usualCodes[status] ?? 'AccessDenied', message);
}

/** What a status means where the body does not say: a HEAD has none. */
const usualCodes: Readonly<Record<number, string>> = {
  400: 'InvalidRequest',
  403: 'AccessDenied',
  404: 'NoSuchKey',
  409: 'OperationAborted',
  411: 'MissingContentLength',
  412: 'PreconditionFailed',
  416: 'InvalidRange',
};
