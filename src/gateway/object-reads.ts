import type { BucketTrouble } from '../bucket/bucket.ts';
import { evaluate } from '../http/conditional.ts';
import { rangeHint } from '../http/range.ts';
import type { ReadThrough } from '../media/read-through.ts';
import { belowReply } from './below-reply.ts';
import type { Call, GatewayParts, Reply } from './call.ts';
import type { GetObject, HeadObject } from './operation.ts';
import { clientHeaders } from './response-headers.ts';
import { S3Error } from './s3-error.ts';
import { storeErrorOf, wholeOf } from './store-answer.ts';
import type { StoreAnswer } from './store-gateway.ts';

interface ObjectReadsOptions extends GatewayParts {
  readonly reads: Pick<ReadThrough, 'findBelow'>;
  /** Whether the bucket may be asked: it is not known to be another one. */
  readonly usable: () => boolean;
}

type Answered = Extract<StoreAnswer, { kind: 'answered' }>;

/**
 * GetObject and HeadObject, for who owns the objects: from the bucket, or from a source where only that has it, whether it is for everybody
 * or not. What was deleted is gone for them too.
 */
export class ObjectReads {
  readonly #parts: ObjectReadsOptions;

  constructor(parts: ObjectReadsOptions) {
    this.#parts = parts;
  }

  read(call: Call, operation: GetObject | HeadObject): Promise<Reply> {
    return this.#read(call, operation, false);
  }

  /** `again`: the object landed after the store had said that there is none. */
  async #read(call: Call, operation: GetObject | HeadObject, again: boolean): Promise<Reply> {
    const { key, headers } = operation;
    if ((await this.#parts.markOf(key)).shown === 'gone') throw missing();
    const head = operation.name === 'HeadObject';
    const { range, ...conditions } = headers;
    let useRange = range !== undefined;
    let answer: StoreAnswer | undefined;
    if (Object.keys(conditions).length > 0) {
      // Stores differ in conditions, and Ceph RGW gets some wrong: the object's facts are asked for, and decided on here.
      const facts = await this.#ask(call, operation, 'HEAD', {});
      const outcome = await this.#evaluated(facts, headers, head);
      if (typeof outcome === 'object') return outcome;
      if (outcome !== undefined) useRange = outcome;
      // A store that does not answer is not asked a second time.
      if (facts.kind === 'unknown') answer = facts;
    }
    const sent: Record<string, string> = useRange && range !== undefined ? { range } : {};
    answer ??= await this.#ask(call, operation, head ? 'HEAD' : 'GET', sent);
    if (answer.kind === 'answered' && (answer.status === 200 || answer.status === 206))
      return await above(answer, head);
    const trouble = await this.#troubleOf(answer);
    if (trouble instanceof Error) throw trouble;
    const hint = head ? undefined : rangeHint(range);
    const found = await this.#parts.reads.findBelow(key, { head, hint }, trouble, call.signal);
    if (found.kind === 'absent' && found.why === 'landed' && !again) return await this.#read(call, operation, true);
    if (found.kind === 'absent') throw missing();
    if (found.kind === 'unavailable')
      throw new S3Error('ServiceUnavailable', 'Neither the store nor a source can answer.');
    return await belowReply(found, { head, headers, overrides: 'overrides' in operation ? operation.overrides : {} });
  }

  #ask(
    { signal }: Call,
    { key, query }: GetObject | HeadObject,
    method: string,
    headers: Record<string, string>,
  ): Promise<StoreAnswer> {
    const { store, usable, answerWithinMs } = this.#parts;
    // The other half is for the sources.
    const deadlineMs = answerWithinMs / 2;
    if (!usable()) return Promise.resolve({ kind: 'unknown', cause: new Error('another bucket'), sentNothing: true });
    return store.send({ method, key, query, headers, signal, deadlineMs, streamed: method === 'GET' });
  }

  /** A reply; or whether the range is to be used; undefined: the store has no such object, and somebody else evaluates. */
  async #evaluated(
    facts: StoreAnswer,
    headers: Readonly<Record<string, string>>,
    head: boolean,
  ): Promise<Reply | boolean | undefined> {
    if (facts.kind === 'unknown') return undefined;
    await wholeOf(facts.body);
    if (facts.status !== 200 && facts.status !== 206) return undefined;
    const shown = clientHeaders(facts.headers);
    const { etag, 'last-modified': lastModified = '' } = shown;
    const meta = {
      size: 0,
      mtimeMs: Date.parse(lastModified) || 0,
      headers: {},
      ...(etag === undefined ? {} : { etag }),
    };
    const outcome = evaluate({ method: head ? 'HEAD' : 'GET', headers, meta, nowMs: this.#parts.now() });
    if (outcome.status === 304) return notModified(shown);
    if (outcome.status === 412) throw new S3Error('PreconditionFailed', 'A condition of the request is not met.');
    return outcome.useRange || (head && headers.range !== undefined && headers['if-range'] === undefined);
  }

  /** Why the bucket did not give it; undefined: it does not have it. An Error: what the client is told. */
  async #troubleOf(answer: StoreAnswer): Promise<BucketTrouble | undefined | Error> {
    if (answer.kind === 'unknown') return 'timeout';
    const error = await storeErrorOf(answer);
    if (answer.status === 404 && error.code === 'NoSuchKey')
      return (await this.#parts.rightBucket()) ? undefined : 'identity';
    return error.code === 'SlowDown' || error.code === 'InternalError' ? 'server-error' : error;
  }
}

async function above(answer: Answered, head: boolean): Promise<Reply> {
  const headers = clientHeaders(answer.headers);
  if (!head) return { status: answer.status, headers, body: answer.body };
  await wholeOf(answer.body);
  return { status: answer.status, headers };
}

/** RFC 9110 §15.4.5. */
function notModified({
  etag,
  'last-modified': lastModified,
  'cache-control': cacheControl,
  expires,
}: Record<string, string>): Reply {
  const kept = { etag, 'last-modified': lastModified, 'cache-control': cacheControl, expires };
  const headers = Object.entries(kept).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { status: 304, headers: Object.fromEntries(headers) };
}

function missing(): S3Error {
  return new S3Error('NoSuchKey', 'The key does not exist.');
}
