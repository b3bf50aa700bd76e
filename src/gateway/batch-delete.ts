import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Forwarded } from '../protocol/state.ts';
import { type Call, type GatewayParts, type Reply, toTheEnd } from './call.ts';
import {
  deleteRequestXml,
  deleteResultXml,
  type KeyFailure,
  maxDeleteBytes,
  readDeleteRequest,
  readDeleteResult,
} from './delete-objects-xml.ts';
import { forwardedOf } from './forwarded.ts';
import { notDone } from './mutation-answer.ts';
import type { MutationResult } from './mutations.ts';
import { S3Error } from './s3-error.ts';
import { smallBody } from './small-body.ts';
import { wholeOf } from './store-answer.ts';

/** DeleteObjects: a thousand keys, each with its own lease, intent and outcome; errors come inside a 200. */
export class BatchDelete {
  readonly #parts: GatewayParts;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  async delete(call: Call): Promise<Reply> {
    const { mutations, newId } = this.#parts;
    const { quiet, keys, refused } = readDeleteRequest(await smallBody(call, maxDeleteBytes));
    const allowed = keys.filter((key) => key.startsWith(call.caller.prefix));
    const failed: (KeyFailure & { key: string })[] = [
      ...refused,
      ...keys.filter((key) => !allowed.includes(key)).map((key) => ({ key, code: 'AccessDenied', message: outside })),
    ];
    for (const { key, code } of failed) call.audited(key, code);
    const said = new Map<string, KeyFailure>();
    const beganMs = performance.now();
    const results: ReadonlyMap<string, MutationResult> =
      allowed.length === 0
        ? new Map()
        : await mutations.run(
            allowed.map((key) => ({ key, intent: { id: newId(), kind: 'delete' } })),
            (held) =>
              this.#forward(
                held.map(({ key }) => key),
                said,
                performance.now() - beganMs,
              ),
          );
    const deleted: string[] = [];
    for (const [key, result] of results) {
      call.audited(key, result);
      if (result === 'done') deleted.push(key);
      else failed.push({ key, ...(said.get(key) ?? failureOf(result)) });
    }
    return { status: 200, body: deleteResultXml({ quiet, deleted, failed }) };
  }

  /** `said` gets what the store refused a key with. A key that it says nothing of has no known outcome. */
  async #forward(
    keys: readonly string[],
    said: Map<string, KeyFailure>,
    waitedMs: number,
  ): Promise<ReadonlyMap<string, Forwarded>> {
    const { store, keyPrefix, answerWithinMs } = this.#parts;
    const document = Buffer.from(deleteRequestXml(keys, keyPrefix));
    const answer = await store.send({
      method: 'POST',
      key: '',
      query: [['delete', '']],
      headers: {
        'content-type': 'application/xml',
        'content-md5': createHash('md5').update(document).digest('base64'),
      },
      body: document,
      signal: toTheEnd,
      deadlineMs: answerWithinMs - waitedMs,
    });
    const whole = await forwardedOf(answer, 'delete');
    if (whole.answer !== 'done' || answer.kind !== 'answered') {
      const { code, message } = notDone(whole.answer === 'done' ? 'unknown' : whole.answer, whole);
      return new Map(
        keys.map((key) => {
          said.set(key, { code, message });
          return [key, whole.answer];
        }),
      );
    }
    return new Map(
      [...(await this.#told(answer.body))].map(([key, result]) => {
        if (result === 'deleted' || result.code === 'NoSuchKey') return [key, 'done'];
        said.set(key, result);
        return [key, certain.has(result.code) ? 'refused' : 'unknown'];
      }),
    );
  }

  /** An answer that broke off, or is not understood, tells of no key. */
  async #told(body: Readable): Promise<ReturnType<typeof readDeleteResult>> {
    try {
      return readDeleteResult(await wholeOf(body), this.#parts.keyPrefix);
    } catch (error) {
      if (error instanceof S3Error) return new Map();
      throw error;
    }
  }
}

const outside = 'This key pair may not use keys outside its prefix.';

/** Errors of a single key that say that nothing was done; after any other it may have been. */
const certain: ReadonlySet<string> = new Set(['AccessDenied', 'InvalidArgument', 'MethodNotAllowed', 'NotImplemented']);

function failureOf(result: Exclude<MutationResult, 'done'>): KeyFailure {
  const { code, message } = notDone(result, undefined);
  return { code, message };
}
