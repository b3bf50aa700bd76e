import { type GatewayParts, toTheEnd } from './call.ts';
import type { CarryUp } from './carry-up.ts';
import { unquoted } from './copy-xml.ts';
import { S3Error } from './s3-error.ts';
import { storeErrorOf, wholeOf } from './store-answer.ts';

/** The objects that copies within the bucket are made from. */
export class CopySources {
  readonly #parts: Pick<GatewayParts, 'store' | 'markOf' | 'whereBelow' | 'rightBucket' | 'answerWithinMs'>;
  readonly #carryUp: Pick<CarryUp, 'carry'>;
  /** Of the time for an answer: the rest is for the lease and the copy itself. */
  readonly #askMs: number;

  constructor(
    parts: Pick<GatewayParts, 'store' | 'markOf' | 'whereBelow' | 'rightBucket' | 'answerWithinMs'>,
    carryUp: Pick<CarryUp, 'carry'>,
  ) {
    this.#parts = parts;
    this.#carryUp = carryUp;
    this.#askMs = parts.answerWithinMs / 4;
  }

  /**
   * Makes sure that the bucket has the key, carrying it up first where only a source does. Resolves to its ETag, without quotes. Throws
   * NoSuchKey, or ServiceUnavailable when it cannot be there in time.
   */
  async ready(key: string, signal: AbortSignal): Promise<string> {
    const { markOf, whereBelow } = this.#parts;
    const mark = await markOf(key);
    if (mark.shown === 'gone') throw missing();
    const there = await this.#etagOf(key);
    if (there !== undefined) return there;
    if (mark.below === 'closed' || (await whereBelow(key)) === 'nowhere') throw missing();
    const carried = await this.#carryUp.carry(key, signal);
    if (carried) {
      const etag = await this.#etagOf(key);
      if (etag !== undefined) return etag;
      // Vanished: it was copied, and is not there. Readers are told the same, and only the operator has it fetched again.
      throw missing();
    }
    throw new S3Error(
      'ServiceUnavailable',
      'The source of the copy is being brought into the bucket. Ask again in a moment.',
    );
  }

  async #etagOf(key: string): Promise<string | undefined> {
    const { store, rightBucket } = this.#parts;
    const asked = { method: 'HEAD', key, query: [], headers: {}, signal: toTheEnd, deadlineMs: this.#askMs };
    const answer = await store.send(asked);
    if (answer.kind === 'answered' && answer.status === 404) {
      await wholeOf(answer.body);
      if (await rightBucket()) return undefined;
      throw new S3Error('ServiceUnavailable', 'The bucket is not known to be the right one.');
    }
    if (answer.kind === 'unknown' || answer.status !== 200) throw await storeErrorOf(answer);
    await wholeOf(answer.body);
    return unquoted(String(answer.headers.etag ?? ''));
  }
}

function missing(): S3Error {
  return new S3Error('NoSuchKey', 'The source of the copy does not exist.');
}
