import { aclHeader, shows } from './acl-headers.ts';
import { type Call, type GatewayParts, type Reply, toTheEnd } from './call.ts';
import type { CopySources } from './copy-sources.ts';
import { type Copied, copyResultXml, readCopyResult } from './copy-xml.ts';
import { forwardedOf, lateError, type Told } from './forwarded.ts';
import { intentHeader } from './object-writes.ts';
import type { CopyObject, UploadPartCopy } from './operation.ts';
import { S3Error } from './s3-error.ts';
import { mutateOne } from './single-mutation.ts';
import { storeErrorOf, wholeOf } from './store-answer.ts';

interface CopyTold extends Told {
  readonly copied?: Copied;
}

interface ObjectCopiesOptions extends GatewayParts {
  readonly sources: Pick<CopySources, 'ready'>;
  /** How the store is told where a copy comes from. */
  readonly copySourceOf: (key: string) => string;
}

/** Copies within the bucket: whole objects, and parts of uploads. */
export class ObjectCopies {
  readonly #parts: ObjectCopiesOptions;

  constructor(parts: ObjectCopiesOptions) {
    this.#parts = parts;
  }

  async copy(call: Call, { key, source, headers, acl }: CopyObject): Promise<Reply> {
    const { store, newId, sources, copySourceOf } = this.#parts;
    const left = this.#timeLeft();
    const etag = await sources.ready(source.key, call.signal);
    const id = newId();
    // Where the source's metadata is kept, ours would be ignored: then only the content tells that it landed.
    const own = headers['x-amz-metadata-directive'] === 'REPLACE' ? { [intentHeader]: id } : {};
    const intent = { id, kind: 'put', shows: shows(this.#parts, key, acl), etag } as const;
    const { copied } = await mutateOne<CopyTold>(this.#parts, call, key, intent, async () => {
      const answer = await store.send({
        method: 'PUT',
        key,
        query: [],
        headers: { ...headers, ...aclHeader(this.#parts, acl), ...own, 'x-amz-copy-source': copySourceOf(source.key) },
        signal: toTheEnd,
        deadlineMs: left(),
      });
      const told = await forwardedOf(answer, 'put');
      if (told.answer !== 'done' || answer.kind !== 'answered') return told;
      const late = readCopyResult(await wholeOf(answer.body), 'CopyObjectResult');
      return late.kind === 'done' ? { ...told, copied: late.result } : lateError(late);
    });
    if (!copied) throw new S3Error('InternalError', 'The store did not say what it copied.');
    return { status: 200, body: copyResultXml('CopyObjectResult', copied) };
  }

  /** No mutation: what it makes is seen only when the upload is completed. */
  async copyPart(call: Call, { key, query, source, headers }: UploadPartCopy): Promise<Reply> {
    const { store, sources, copySourceOf } = this.#parts;
    const left = this.#timeLeft();
    await sources.ready(source.key, call.signal);
    const answer = await store.send({
      method: 'PUT',
      key,
      query,
      headers: { ...headers, 'x-amz-copy-source': copySourceOf(source.key) },
      signal: toTheEnd,
      deadlineMs: left(),
    });
    if (answer.kind === 'unknown' || answer.status !== 200) throw await storeErrorOf(answer);
    const late = readCopyResult(await wholeOf(answer.body), 'CopyPartResult');
    if (late.kind === 'failed') throw lateError(late).error;
    return { status: 200, body: copyResultXml('CopyPartResult', late.result) };
  }

  /** Milliseconds that are left of the time for the answer, whatever the source and the lease have taken of it. */
  #timeLeft(): () => number {
    const { answerWithinMs, now } = this.#parts;
    const until = now() + answerWithinMs;
    return () => Math.max(0, until - now());
  }
}
