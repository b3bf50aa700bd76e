import type { Uploads } from '../marks/uploads.ts';
import { aclHeader, shows } from './acl-headers.ts';
import { type Call, type GatewayParts, type Reply, toTheEnd } from './call.ts';
import { completeRequestXml, maxCompleteBytes, readCompleteRequest } from './complete-upload-xml.ts';
import { forwardedOf, lateError, type Told } from './forwarded.ts';
import { partListXml } from './list-parts-xml.ts';
import { intentHeader } from './object-writes.ts';
import type {
  AbortMultipartUpload,
  CompleteMultipartUpload,
  CreateMultipartUpload,
  ListParts,
  UploadPart,
} from './operation.ts';
import { clientHeaders } from './response-headers.ts';
import { S3Error } from './s3-error.ts';
import { mutateOne } from './single-mutation.ts';
import { smallBody } from './small-body.ts';
import { storeErrorOf, wholeOf } from './store-answer.ts';
import type { StoreRequest } from './store-gateway.ts';
import { completeResultXml, initiateResultXml, readCompleteResult, readInitiateResult } from './upload-xml.ts';

interface MultipartUploadsOptions extends GatewayParts {
  readonly uploads: Uploads;
}

/** The multipart family. Only the completion changes what readers see. */
export class MultipartUploads {
  readonly #parts: MultipartUploadsOptions;

  constructor(parts: MultipartUploadsOptions) {
    this.#parts = parts;
  }

  async create(call: Call, { key, headers, acl }: CreateMultipartUpload): Promise<Reply> {
    const { uploads, bucket, newId, now } = this.#parts;
    const intentId = newId();
    const sent = { ...headers, ...aclHeader(this.#parts, acl), [intentHeader]: intentId };
    const uploadId = readInitiateResult(
      await this.#ask({ method: 'POST', key, query: [['uploads', '']], headers: sent }),
    );
    await uploads.begin(uploadId, { key, intentId, acl }, now());
    call.audited(key, 'begun');
    return { status: 200, body: initiateResultXml(bucket, key, uploadId) };
  }

  async part(call: Call, { key, query, headers }: UploadPart): Promise<Reply> {
    const { store, answerWithinMs } = this.#parts;
    const announced = call.announced();
    const { size, sha256 } = announced;
    const answer = await store.send({
      method: 'PUT',
      key,
      query,
      headers,
      body: { stream: call.body(announced), size, ...(sha256 === undefined ? {} : { sha256 }) },
      signal: toTheEnd,
      deadlineMs: answerWithinMs,
    });
    if (answer.kind === 'unknown' || answer.status >= 300) throw await storeErrorOf(answer);
    await wholeOf(answer.body);
    const { etag } = clientHeaders(answer.headers);
    return { status: 200, headers: { ...(etag === undefined ? {} : { etag }), 'content-length': '0' } };
  }

  async complete(call: Call, operation: CompleteMultipartUpload): Promise<Reply> {
    const { uploads, bucket } = this.#parts;
    const { key, uploadId, query } = operation;
    const parts = readCompleteRequest(await smallBody(call, maxCompleteBytes));
    const pending = await uploads.find(uploadId);
    if (pending && pending.key !== key) throw new S3Error('NoSuchUpload', 'There is no such upload of this key.');
    // Ceph RGW answers 500 to the completion of what it does not know.
    if (!pending) await this.#ask({ method: 'GET', key, query, headers: {} });
    const intent = {
      id: pending?.intentId ?? this.#parts.newId(),
      kind: 'put',
      shows: shows(this.#parts, key, pending?.acl),
    } as const;
    const document = Buffer.from(completeRequestXml(parts));
    const { etag } = await mutateOne(this.#parts, call, key, intent, (waitedMs) =>
      this.#complete(operation, document, waitedMs),
    );
    await uploads.end(uploadId);
    return { status: 200, body: completeResultXml({ location: call.request.rawPath, bucket, key, etag: etag ?? '' }) };
  }

  async abort(call: Call, { key, uploadId, query }: AbortMultipartUpload): Promise<Reply> {
    await this.#ask({ method: 'DELETE', key, query, headers: {} });
    await this.#parts.uploads.end(uploadId);
    call.audited(key, 'aborted');
    return { status: 204 };
  }

  async listParts({ signal }: Call, { key, uploadId, query }: ListParts): Promise<Reply> {
    const { bucket } = this.#parts;
    const document = await this.#ask({ method: 'GET', key, query, headers: {}, signal });
    return { status: 200, body: partListXml(document, { bucket, key, uploadId }) };
  }

  async #complete(
    { key, query }: CompleteMultipartUpload,
    document: Buffer,
    waitedMs: number,
  ): Promise<Told & { etag?: string }> {
    const { store, answerWithinMs } = this.#parts;
    const answer = await store.send({
      method: 'POST',
      key,
      query,
      headers: { 'content-type': 'application/xml' },
      body: document,
      signal: toTheEnd,
      deadlineMs: answerWithinMs - waitedMs,
    });
    const told = await forwardedOf(answer, 'put');
    const { code } = (told.error ?? {}) as { code?: string };
    // It was never given up here: an earlier completion, whose answer was lost, may have taken it.
    if (told.answer === 'refused' && (code === 'NoSuchUpload' || code === 'NoSuchKey'))
      return { answer: 'unknown', error: new S3Error('NoSuchUpload', 'There is no such upload any more.') };
    if (told.answer !== 'done' || answer.kind !== 'answered') return told;
    const late = readCompleteResult(await wholeOf(answer.body));
    return late.kind === 'done' ? { ...told, etag: late.result } : lateError(late);
  }

  /** A request whose answer is a document. Throws what the client is told of anything but a success. */
  async #ask(request: Omit<StoreRequest, 'signal' | 'deadlineMs'> & { signal?: AbortSignal }): Promise<Buffer> {
    const { store, answerWithinMs: deadlineMs } = this.#parts;
    const answer = await store.send({ ...request, signal: request.signal ?? toTheEnd, deadlineMs });
    if (answer.kind === 'unknown' || answer.status >= 300) throw await unknownUpload(await storeErrorOf(answer));
    return await wholeOf(answer.body);
  }
}

/** Ceph RGW says NoSuchKey of an upload that it does not know. */
async function unknownUpload(error: Error & { code: string }): Promise<Error> {
  return error.code === 'NoSuchKey' ? new S3Error('NoSuchUpload', 'There is no such upload.') : error;
}
