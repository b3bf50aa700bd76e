import { Agent } from 'undici';
import { compareBytes } from '../lib/byte-order.ts';
import { networkWords } from '../lib/network-words.ts';
import type { BucketAddress } from './bucket-address.ts';
import { type ListingAnswer, readListing } from './listing-xml.ts';
import { ListingError, type ListingPage, type ListingQuestion, type ObjectListing } from './object-listing.ts';
import type { RequestSigner } from './request-signer.ts';
import { storeWords } from './store-words.ts';

export interface BucketListingOptions {
  readonly address: BucketAddress;
  readonly signer: RequestSigner;
  readonly keyPrefix: string;
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** From a request to its answer's headers, and the longest silence after that. */
  readonly answerTimeoutMs: number;
}

/** A page of 1000 keys of 1024 bytes, each percent-encoded, with room to spare. */
const maxAnswerBytes = 8 * 1024 * 1024;

/**
 * ListObjectsV2 over undici: the SDK takes ten times the CPU for a page. A page begins behind a key, not with the store's continuation
 * token, so that a restart goes on; and names come percent-encoded, as keys may hold what XML cannot.
 */
export class BucketListing implements ObjectListing {
  readonly #options: BucketListingOptions;
  readonly #agent: Agent;

  constructor(options: BucketListingOptions) {
    this.#options = options;
    this.#agent = new Agent({
      connections: options.connections,
      connect: { timeout: options.connectTimeoutMs },
      headersTimeout: options.answerTimeoutMs,
      bodyTimeout: options.answerTimeoutMs,
      maxResponseSize: maxAnswerBytes,
    });
  }

  async page(question: ListingQuestion, signal: AbortSignal): Promise<ListingPage> {
    const { status, text } = await this.#ask(question, signal);
    if (status === 200) return this.#pageIn(text, question.after);
    const { bucketPath, host } = this.#options.address;
    const code = /<Code>(\w{1,100})<\/Code>/.exec(text)?.[1] ?? 'no code';
    const words = storeWords(status, code, bucketPath.replaceAll('/', '') || host);
    if (status === 503 || status === 429) throw new ListingError('LISTING_SLOW_DOWN', words);
    if (status >= 500 || status === 408) throw new ListingError('LISTING_UNAVAILABLE', words);
    throw new ListingError('LISTING_REFUSED', words);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #ask({ prefix = '', after, delimiter, limit }: ListingQuestion, signal: AbortSignal) {
    const { address, signer, keyPrefix } = this.#options;
    const query: [string, string][] = [
      ['list-type', '2'],
      ['encoding-type', 'url'],
      ['max-keys', String(limit)],
      ['prefix', keyPrefix + prefix],
    ];
    // Behind the prefix itself: an object of that name has no key here.
    if (keyPrefix + after !== '') query.push(['start-after', keyPrefix + after]);
    if (delimiter !== undefined) query.push(['delimiter', delimiter]);
    const unsigned = { method: 'GET', host: address.host, path: address.bucketPath, query, headers: {} };
    const { target, headers } = signer.signed({ ...unsigned, payloadHash: 'UNSIGNED-PAYLOAD' });
    try {
      const answer = await this.#agent.request({
        origin: address.origin,
        method: 'GET',
        path: target,
        headers,
        signal,
      });
      return { status: answer.statusCode, text: await answer.body.text() };
    } catch (cause) {
      signal.throwIfAborted();
      const words = networkWords(cause, { host: address.host, option: 'bucket.endpoint' });
      throw new ListingError('LISTING_UNAVAILABLE', words, { cause });
    }
  }

  #pageIn(text: string, after: string): ListingPage {
    const { entries, prefixes, truncated } = understood(text);
    const names = entries.map(({ name }) => this.#own(name));
    for (const [i, name] of names.entries()) {
      // Were the order another one, what lies between two pages would be overlooked; and a store that knows no `start-after` would be asked for ever.
      if (compareBytes(names[i - 1] ?? after, name) >= 0)
        throw odd(
          i === 0
            ? 'it began with a key that is not behind `start-after`'
            : "its keys are not in the order of their UTF-8 bytes, as S3's are",
        );
    }
    const folders = prefixes.map((name) => this.#own(name));
    const [key = '', folder = ''] = [names.at(-1), folders.at(-1)];
    const last = compareBytes(key, folder) > 0 ? key : folder;
    if (truncated && compareBytes(last, after) <= 0) throw odd('there was to be more, and it did not go on');
    return {
      objects: entries
        .map(({ size, etag }, i) => ({ key: names[i]!, size, etag }))
        .filter((object) => !isOurs(object.key)),
      prefixes: folders.filter((name) => !isOurs(name)),
      upTo: truncated ? last : undefined,
    };
  }

  #own(name: string): string {
    const { keyPrefix } = this.#options;
    if (!name.startsWith(keyPrefix)) throw odd('it has keys that were not asked for');
    return name.slice(keyPrefix.length);
  }
}

function understood(text: string): ListingAnswer {
  try {
    return readListing(text);
  } catch (cause) {
    throw odd(`it is not understood (${(cause as Error).message})`, { cause });
  }
}

function odd(why: string, options?: ErrorOptions): ListingError {
  const told = {
    found: `the store's listing cannot be used: ${why}`,
    expected: "an answer to S3's ListObjectsV2, in the order of the keys' bytes",
    todo: 'see that bucket.endpoint is the S3 API itself; if it is, please report it with the name of the store',
  };
  return new ListingError('LISTING_ODD', told, options);
}

/** Upstairs' own: its identity, and what `check` writes. */
function isOurs(name: string): boolean {
  return name === '_upstairs' || name.startsWith('_upstairs/');
}
