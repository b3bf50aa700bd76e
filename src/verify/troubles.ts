import { OperatorError } from '../lib/operator-error.ts';

/** So many questions in a row without an answer, and no verdict is worth anything. */
const most = 25;

/** Somebody who is needed for a proof does not answer any more. */
export class TroubleError extends OperatorError<'NO_ANSWER'> {}

/** Counts what went wrong in a row: an outage is not a million exceptions. */
export class Troubles {
  readonly #who: string;
  #inARow = 0;

  constructor(who: string) {
    this.#who = who;
  }

  /** @throws TroubleError when it was one too many. */
  another(detail: string): void {
    this.#inARow += 1;
    if (this.#inARow >= most)
      throw new TroubleError('NO_ANSWER', {
        found: `${this.#who} did not answer ${most} times in a row (${detail}), and nothing is proven`,
        expected: 'answers: an outage is no million of exceptions',
        todo: 'see what `upstairs check` says of it, mend that, and run this again',
      });
  }

  over(): void {
    this.#inARow = 0;
  }
}
