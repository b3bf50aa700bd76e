import { aclHeader, shows } from './acl-headers.ts';
import { aclXml, maxAclBytes, readAclRequest, readStoreAcl } from './acl-xml.ts';
import { type Call, type GatewayParts, type Reply, toTheEnd } from './call.ts';
import { forwardedOf, type Told } from './forwarded.ts';
import type { DeleteObject, GetObjectAcl, PutObject, PutObjectAcl } from './operation.ts';
import type { AskedAcl } from './request-acl.ts';
import { clientHeaders } from './response-headers.ts';
import { S3Error } from './s3-error.ts';
import { mutateOne } from './single-mutation.ts';
import { smallBody } from './small-body.ts';
import { storeErrorOf, wholeOf } from './store-answer.ts';

/** The metadata that tells an upload later. */
export const intentHeader = 'x-amz-meta-upstairs-intent';

/** What changes one object. */
export class ObjectWrites {
  readonly #parts: GatewayParts;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  async put(call: Call, { key, headers, acl }: PutObject): Promise<Reply> {
    const { store, newId, answerWithinMs } = this.#parts;
    const announced = call.announced();
    const id = newId();
    const intent = { id, kind: 'put', shows: shows(this.#parts, key, acl) } as const;
    const { stored } = await mutateOne(this.#parts, call, key, intent, async (waitedMs) => {
      const { size, sha256 } = announced;
      const stream = call.body(announced);
      const answer = await store.send({
        method: 'PUT',
        key,
        query: [],
        headers: { ...headers, ...aclHeader(this.#parts, acl), [intentHeader]: id },
        body: { stream, size, ...(sha256 === undefined ? {} : { sha256 }) },
        signal: toTheEnd,
        deadlineMs: answerWithinMs - waitedMs,
      });
      const told = await forwardedOf(answer, 'put');
      if (answer.kind === 'answered') await wholeOf(answer.body).catch(() => undefined);
      const stored = answer.kind === 'answered' ? clientHeaders(answer.headers) : {};
      // Every S3 store tells its ETag; a page of somebody in between does not.
      return { ...told, ...(told.answer === 'done' && stored.etag === undefined && { answer: 'unknown' }), stored };
    });
    return {
      status: 200,
      headers: { ...(stored.etag === undefined ? {} : { etag: stored.etag }), 'content-length': '0' },
    };
  }

  async delete(call: Call, { key }: DeleteObject): Promise<Reply> {
    const { newId } = this.#parts;
    await mutateOne(this.#parts, call, key, { id: newId(), kind: 'delete' }, (waitedMs) =>
      this.#ask('DELETE', key, [], {}, 'delete', waitedMs),
    );
    return { status: 204 };
  }

  async putAcl(call: Call, { key, acl }: PutObjectAcl): Promise<Reply> {
    const { newId, acls } = this.#parts;
    const asked = acl ?? readAclRequest(await smallBody(call, maxAclBytes));
    const kind = asked === 'public' ? 'acl-public' : 'acl-private';
    await mutateOne(this.#parts, call, key, { id: newId(), kind }, async (waitedMs) => {
      const told = acls
        ? await this.#ask('PUT', key, [['acl', '']], aclHeader(this.#parts, asked), kind, waitedMs)
        : await this.#ask('HEAD', key, [], {}, kind, waitedMs);
      return await this.#unlessBelow(key, told);
    });
    return { status: 200, headers: { 'content-length': '0' } };
  }

  async getAcl({ signal }: Call, { key }: GetObjectAcl): Promise<Reply> {
    const { store, markOf, whereBelow, rightBucket, acls, answerWithinMs } = this.#parts;
    const { shown, below } = await markOf(key);
    if (shown === 'gone') throw new S3Error('NoSuchKey', 'The key does not exist.');
    const answer = await store.send({
      // Where objects have no ACLs, what is asked is whether there is one.
      method: acls ? 'GET' : 'HEAD',
      key,
      query: acls ? [['acl', '']] : [],
      headers: {},
      signal,
      deadlineMs: answerWithinMs,
    });
    if (answer.kind === 'answered' && answer.status < 300) {
      const document = await wholeOf(answer.body);
      return { status: 200, body: aclXml(decided(shown) ?? (acls ? readStoreAcl(document) : 'public')) };
    }
    const error = await storeErrorOf(answer);
    if (error.code === 'NoSuchKey' && !(await rightBucket()))
      throw new S3Error('ServiceUnavailable', 'The bucket is not known to be the right one.');
    if (error.code !== 'NoSuchKey' || below === 'closed' || (await whereBelow(key)) === 'nowhere') throw error;
    return { status: 200, body: aclXml(decided(shown) ?? 'public') };
  }

  /** An ACL change of a key that only a source has, or may have, does its work in the mark. */
  async #unlessBelow(key: string, told: Told): Promise<Told> {
    if (told.answer !== 'refused' || told.error?.code !== 'NoSuchKey') return told;
    const { markOf, whereBelow, rightBucket } = this.#parts;
    // In the wrong bucket everything is missing.
    if (!(await rightBucket())) return { ...told, answer: 'unknown' };
    if ((await markOf(key)).below === 'closed') return told;
    return (await whereBelow(key)) === 'nowhere' ? told : { answer: 'done' };
  }

  /** A request without a body, whose answer says nothing more. */
  async #ask(
    method: string,
    key: string,
    query: readonly (readonly [string, string])[],
    headers: Record<string, string>,
    kind: Parameters<typeof forwardedOf>[1],
    waitedMs: number,
  ): Promise<Told> {
    const { store, answerWithinMs } = this.#parts;
    const deadlineMs = answerWithinMs - waitedMs;
    const answer = await store.send({ method, key, query, headers, signal: toTheEnd, deadlineMs });
    const told = await forwardedOf(answer, kind);
    if (answer.kind === 'answered') await wholeOf(answer.body).catch(() => undefined);
    return told;
  }
}

function decided(shown: 'unset' | 'public' | 'private'): AskedAcl | undefined {
  return shown === 'unset' ? undefined : shown;
}
