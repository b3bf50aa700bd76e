/** How often a line is written over on a terminal, and how often one is written elsewhere, in milliseconds. */
const terminalEveryMs = 200;
const logEveryMs = 60_000;

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** How far a long command is: one line that is written over on a terminal, a line a minute in a log. */
export class ProgressLines {
  readonly #to: Output;
  readonly #now: () => number;
  #lastMs: number;
  #open = false;

  constructor(to: Output, now: () => number = () => performance.now()) {
    this.#to = to;
    this.#now = now;
    this.#lastMs = now();
  }

  /** `words` is called when it is time for a line. */
  show(words: () => string): void {
    const nowMs = this.#now();
    if (nowMs - this.#lastMs < (this.#to.isTTY ? terminalEveryMs : logEveryMs)) return;
    this.#lastMs = nowMs;
    this.#open = this.#to.isTTY === true;
    this.#to.write(this.#open ? `\r${words()}\u001b[K` : `${words()}\n`);
  }

  /** What comes next begins on a line of its own. */
  end(): void {
    if (this.#open) this.#to.write('\n');
    this.#open = false;
  }
}
