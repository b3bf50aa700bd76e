import { authorise } from './authorise.ts';
import type { BatchDelete } from './batch-delete.ts';
import type { BucketQuestions } from './bucket-questions.ts';
import type { Call, Reply } from './call.ts';
import type { MultipartUploads } from './multipart-uploads.ts';
import type { ObjectCopies } from './object-copies.ts';
import type { ObjectReads } from './object-reads.ts';
import type { ObjectWrites } from './object-writes.ts';
import type { Operation, OperationName } from './operation.ts';
import { operationOf } from './operation-of.ts';
import { announced } from './payload.ts';
import { headerOf, type RawRequest } from './raw-request.ts';
import { S3Error } from './s3-error.ts';
import type { Caller, SignatureVerifier } from './signature.ts';
import { parseTarget } from './target.ts';
import { verifiedBody } from './verified-body.ts';
import type { Incoming } from './write-server.ts';

/** One request to the write host, when it is over. */
export interface WriteRecord {
  /** The key pair's name; undefined: nobody's. */
  readonly caller: string | undefined;
  readonly address: string;
  readonly requestId: string;
  /** Undefined: it was not understood. */
  readonly operation: OperationName | undefined;
  readonly key: string | undefined;
  readonly status: number;
  /** S3's code of an error. */
  readonly code: string | undefined;
  /** What became of each key that it was to change. */
  readonly outcomes: ReadonlyMap<string, string>;
  readonly ms: number;
}

export interface WriteHandlerOptions {
  readonly verifier: Pick<SignatureVerifier, 'verify'>;
  readonly hosts: readonly string[];
  /** As clients call it. */
  readonly bucket: string;
  /** Whether the bucket may be used; reads may have a source instead. */
  readonly usable: () => boolean;
  readonly reads: Pick<ObjectReads, 'read'>;
  readonly writes: Pick<ObjectWrites, 'put' | 'delete' | 'putAcl' | 'getAcl'>;
  readonly copies: Pick<ObjectCopies, 'copy' | 'copyPart'>;
  readonly batch: Pick<BatchDelete, 'delete'>;
  readonly uploads: Pick<MultipartUploads, 'create' | 'part' | 'complete' | 'abort' | 'listParts'>;
  readonly questions: Pick<BucketQuestions, 'objects' | 'uploads' | 'head' | 'location'>;
  /** Told the bytes of every piece of a body. */
  readonly passed: (bytes: number) => void;
  readonly done: (record: WriteRecord) => void;
}

/** Filled in as far as a request is understood. */
interface Known {
  caller?: Caller;
  operation?: Operation;
  readonly outcomes: Map<string, string>;
}

/** Where a request to the write host is decided: who asks, what for, may they, and who does it. */
export class WriteHandler {
  readonly #options: WriteHandlerOptions;

  constructor(options: WriteHandlerOptions) {
    this.#options = options;
  }

  /** Throws an S3Error or RelayedError for what is refused. */
  async handle(incoming: Incoming): Promise<Reply> {
    const beganMs = performance.now();
    const known: Known = { outcomes: new Map() };
    let status = 500;
    let code: string | undefined;
    try {
      const reply = await this.#answer(incoming, known);
      status = reply.status;
      return reply;
    } catch (error) {
      ({ status = 500, code = 'InternalError' } = error as { status?: number; code?: string });
      throw error;
    } finally {
      const { caller, operation, outcomes } = known;
      const { address, requestId } = incoming;
      const key = operation && 'key' in operation ? operation.key : undefined;
      const ms = performance.now() - beganMs;
      // Before the answer: nothing is acknowledged that the audit log does not know.
      const operationName = operation?.name;
      this.#options.done({
        caller: caller?.name,
        address,
        requestId,
        operation: operationName,
        key,
        status,
        code,
        outcomes,
        ms,
      });
    }
  }

  async #answer(incoming: Incoming, known: Known): Promise<Reply> {
    const { verifier, hosts, bucket, usable } = this.#options;
    const { raw, secure } = incoming;
    const caller = verifier.verify(raw);
    known.caller = caller;
    const target = parseTarget(raw, hosts);
    const operation = operationOf(raw, target);
    known.operation = operation;
    if (target.bucket !== bucket) throw new S3Error('NoSuchBucket', 'There is no such bucket here.');
    authorise(caller, operation, bucket);
    if (caller.payload.kind === 'unsigned' && !secure && hasBody(raw))
      throw new S3Error('InvalidRequest', 'An unsigned payload (UNSIGNED-PAYLOAD, or a presigned upload) needs TLS.');
    if (!usable() && !mayDoWithoutBucket.has(operation.name))
      throw new S3Error('ServiceUnavailable', 'The bucket is not known to be the right one: nothing is sent to it.');
    return await this.#dispatch(this.#callOf(incoming, caller, known), operation);
  }

  #callOf({ raw, body, signal }: Incoming, caller: Caller, { outcomes }: Known): Call {
    return {
      request: raw,
      caller,
      announced: () => announced(raw, caller.payload),
      body: (told) => verifiedBody(body(), told, this.#options.passed),
      signal,
      audited: (key, outcome) => outcomes.set(key, outcome),
    };
  }

  #dispatch(call: Call, operation: Operation): Promise<Reply> | Reply {
    const { reads, writes, copies, batch, uploads, questions } = this.#options;
    switch (operation.name) {
      case 'GetObject':
      case 'HeadObject':
        return reads.read(call, operation);
      case 'PutObject':
        return writes.put(call, operation);
      case 'DeleteObject':
        return writes.delete(call, operation);
      case 'PutObjectAcl':
        return writes.putAcl(call, operation);
      case 'GetObjectAcl':
        return writes.getAcl(call, operation);
      case 'CopyObject':
        return copies.copy(call, operation);
      case 'UploadPartCopy':
        return copies.copyPart(call, operation);
      case 'DeleteObjects':
        return batch.delete(call);
      case 'CreateMultipartUpload':
        return uploads.create(call, operation);
      case 'UploadPart':
        return uploads.part(call, operation);
      case 'CompleteMultipartUpload':
        return uploads.complete(call, operation);
      case 'AbortMultipartUpload':
        return uploads.abort(call, operation);
      case 'ListParts':
        return uploads.listParts(call, operation);
      case 'ListMultipartUploads':
        return questions.uploads(call, operation);
      case 'ListObjects':
      case 'ListObjectsV2':
        return questions.objects(call, operation);
      case 'HeadBucket':
        return questions.head();
      case 'GetBucketLocation':
        return questions.location();
    }
  }
}

/** What hides is recorded whatever the bucket; reads have the sources. */
const mayDoWithoutBucket: ReadonlySet<OperationName> = new Set([
  'DeleteObject',
  'DeleteObjects',
  'PutObjectAcl',
  'GetObject',
  'HeadObject',
  'HeadBucket',
  'GetBucketLocation',
]);

function hasBody(raw: RawRequest): boolean {
  return headerOf(raw, 'transfer-encoding') !== undefined || !/^0*$/.test(headerOf(raw, 'content-length') ?? '');
}
