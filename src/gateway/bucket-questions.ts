import type { Call, GatewayParts, Reply } from './call.ts';
import { objectsQuery, uploadsQuery } from './list-query.ts';
import { uploadListXml } from './list-uploads-xml.ts';
import { objectListXml } from './list-xml.ts';
import { locationXml } from './location-xml.ts';
import type { ListMultipartUploads, ListObjects } from './operation.ts';
import { storeErrorOf, wholeOf } from './store-answer.ts';

interface BucketQuestionsOptions extends GatewayParts {
  /** That clients sign for. */
  readonly region: string;
}

/** What is asked of the bucket as a whole. */
export class BucketQuestions {
  readonly #parts: BucketQuestionsOptions;

  constructor(parts: BucketQuestionsOptions) {
    this.#parts = parts;
  }

  async objects({ signal }: Call, { listing }: ListObjects): Promise<Reply> {
    const { keyPrefix } = this.#parts;
    const document = await this.#ask(objectsQuery(listing, keyPrefix), signal);
    return { status: 200, body: objectListXml(document, listing, this.#parts) };
  }

  async uploads({ signal }: Call, { listing }: ListMultipartUploads): Promise<Reply> {
    const { keyPrefix } = this.#parts;
    const document = await this.#ask(uploadsQuery(listing, keyPrefix), signal);
    return { status: 200, body: uploadListXml(document, listing, this.#parts) };
  }

  /** Whoever may ask finds it. */
  head(): Reply {
    return { status: 200, headers: { 'content-length': '0', 'x-amz-bucket-region': this.#parts.region } };
  }

  location(): Reply {
    return { status: 200, body: locationXml(this.#parts.region) };
  }

  async #ask(query: readonly (readonly [string, string])[], signal: AbortSignal): Promise<Buffer> {
    const { store, answerWithinMs: deadlineMs } = this.#parts;
    const answer = await store.send({ method: 'GET', key: '', query, headers: {}, signal, deadlineMs });
    if (answer.kind === 'unknown' || answer.status !== 200) throw await storeErrorOf(answer);
    return await wholeOf(answer.body);
  }
}
