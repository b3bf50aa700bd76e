import { OperatorError } from '../lib/operator-error.ts';
import { parsePrintedKey } from './printed-key.ts';

/** A list that cannot be used as it is. */
export class AcknowledgedError extends OperatorError<'ACKNOWLEDGED_WRONG'> {}

/** Keys that the operator knows of, and lets go: they keep nothing from being clean. */
export class Acknowledged {
  readonly #unused: Set<string>;
  readonly #all: ReadonlySet<string>;

  /** @param keys keys, and paths of findings as the report prints them. */
  constructor(keys: Iterable<string>) {
    this.#all = new Set(keys);
    this.#unused = new Set(this.#all);
  }

  /**
   * One a line, as the report prints them; empty lines, and lines that begin with `#`, are nobody's.
   * @throws AcknowledgedError naming the line.
   */
  static parse(text: string, file: string): Acknowledged {
    const keys: string[] = [];
    for (const [index, line] of text.split(/\r?\n/).entries()) {
      if (line === '' || line.startsWith('#')) continue;
      const key = parsePrintedKey(line);
      if (key === undefined)
        throw new AcknowledgedError('ACKNOWLEDGED_WRONG', {
          found: `${file}, line ${index + 1}, begins with a quote and is no JSON string`,
          expected: 'keys, one a line, in quotes only where the report prints them so',
          todo: 'copy that key from the report anew',
        });
      keys.push(key);
    }
    return new Acknowledged(keys);
  }

  /** Whether an exception is let go. */
  has(key: string): boolean {
    this.#unused.delete(key);
    return this.#all.has(key);
  }

  /** What no exception was ever looked up by: a typing error, or not needed any more. */
  get unused(): readonly string[] {
    return [...this.#unused];
  }

  get size(): number {
    return this.#all.size;
  }
}
