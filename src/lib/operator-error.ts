/** What the operator is told of what went wrong: sentences without a full stop. None of them holds a secret. */
export interface Told {
  readonly found: string;
  /** What should have been there instead. */
  readonly expected: string;
  readonly todo: string;
}

/** The same, with a code that stays. */
export interface CodedWords extends Told {
  readonly code: string;
}

/** An error that is the operator's to mend, and says how. `message` is for logs: what was found, and what to do. */
export class OperatorError<Code extends string = string> extends Error implements Told {
  /** Stays the same; the sentences may change. */
  readonly code: Code;
  readonly found: string;
  readonly expected: string;
  readonly todo: string;

  constructor(code: Code, { found, expected, todo }: Told, options?: ErrorOptions) {
    super(`${found}: ${todo}`, options);
    this.name = new.target.name;
    this.code = code;
    this.found = found;
    this.expected = expected;
    this.todo = todo;
  }
}
