import { createHash } from 'node:crypto';
import type { Acknowledged } from './acknowledged.ts';
import type { Examined, Hidden } from './examiner.ts';
import type { ExceptionSpool } from './exception-spool.ts';
import { printedKey } from './printed-key.ts';
import { Tally } from './tally.ts';
import { type Excepted, isException, type Reason, type Sign, type Verdict } from './verdict.ts';

/** What is kept of a key that is not simply equal: an exception, or one that is excepted. */
export interface Noted {
  readonly key: string;
  readonly source: string | undefined;
  readonly sign: Sign;
  readonly reason: Reason | undefined;
  readonly detail: string | undefined;
  readonly excepted: Excepted | undefined;
  readonly hidden: Hidden | undefined;
  readonly size: number;
  readonly mtimeUs: number | undefined;
}

/** Takes a line; resolves when the next may come. */
export type TakeLine = (line: string) => Promise<void>;

export interface OutcomeOptions {
  readonly classOf: (key: string) => string;
  readonly acknowledged: Acknowledged;
  readonly noted: ExceptionSpool<Noted>;
  /** `= path` and so on, one a key. */
  readonly combined: TakeLine;
}

/** From the best to the worst: of a key that several sources have, a line tells the worst. */
const badness: readonly Sign[] = ['=', '-', '+', '*', '!'];

/**
 * Gathers the verdicts, in the order in which they are final.
 *
 * `stateHash` is SHA-256 over one line for each, in that order: sign, exception, source, size, MD5 and key, separated by tabs, what is not
 * known left empty, the key as it is printed. First come the keys that were judged once, in order of their UTF-8 bytes, then those that were
 * looked at twice, in the same order. Two runs that give the same hash saw the same state and judged alike.
 */
export class Outcome {
  readonly tally = new Tally();
  readonly #options: OutcomeOptions;
  readonly #hash = createHash('sha256');
  #exceptions = 0;
  #keys = 0;

  constructor(options: OutcomeOptions) {
    this.#options = options;
  }

  /** What keeps it from being clean. */
  get exceptions(): number {
    return this.#exceptions;
  }

  get keys(): number {
    return this.#keys;
  }

  async settle(key: string, examined: readonly Examined[]): Promise<void> {
    if (examined.length === 0) return;
    this.#keys += 1;
    const { classOf, combined } = this.#options;
    const mediaClass = classOf(key);
    let worst: Sign = '=';
    for (const one of examined) {
      const verdict = this.#acknowledge(key, one.verdict);
      if (badness.indexOf(verdict.sign) > badness.indexOf(worst)) worst = verdict.sign;
      this.tally.add(mediaClass, verdict, one.size, one.hidden);
      await this.#note(key, one, verdict);
    }
    await combined(`${worst} ${printedKey(key)}`);
  }

  /** What a scan met that is no file it can move: somebody has to look at it. `path`: as the report prints it. */
  async finding(path: string, source: string, detail: string): Promise<void> {
    const verdict = this.#acknowledge(path, { sign: '!', reason: 'finding', detail });
    this.tally.add('findings', verdict, 0);
    const nothing = { size: 0, md5: undefined, mtimeUs: undefined, hidden: undefined };
    await this.#note(path, { ...nothing, source, verdict }, verdict);
    await this.#options.combined(`! ${printedKey(path)}`);
  }

  /** Once, in the end. */
  stateHash(): string {
    return this.#hash.digest('hex');
  }

  #acknowledge(key: string, verdict: Verdict): Verdict {
    const lets = isException(verdict) && this.#options.acknowledged.has(key);
    return lets ? { ...verdict, excepted: 'acknowledged' } : verdict;
  }

  async #note(key: string, { source, size, md5, mtimeUs, hidden }: Examined, verdict: Verdict): Promise<void> {
    const { sign, reason, detail, excepted } = verdict;
    this.#hash.update(`${[sign, excepted, source, size, md5, printedKey(key)].join('\t')}\n`);
    if (isException(verdict)) this.#exceptions += 1;
    if (sign === '=' || (sign === '-' && !reason)) return;
    await this.#options.noted.add({ key, source, sign, reason, detail, excepted, hidden, size, mtimeUs });
  }
}
