/** How far copying is, by the program's own account. */
export interface CopyProgress {
  /** Asked for and not settled yet. */
  readonly wanted: number;
  readonly copied: number;
  /** Given up, or made needless: settled, and not by a copy. */
  readonly others: number;
  readonly bytes: number;
}

/** What `/metrics` said, in Prometheus' text format. */
export class Metrics {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The value of one sample, written as it stands there: `upstairs_ledger_keys{status="wanted"}`. 0 if there is none. */
  value(sample: string): number {
    const line = this.#text.split('\n').find((line) => line.startsWith(`${sample} `));
    return line === undefined ? 0 : Number(line.slice(sample.length + 1));
  }

  copies(): CopyProgress {
    const keys = (status: string) => this.value(`upstairs_ledger_keys{status="${status}"}`);
    return {
      wanted: keys('wanted'),
      copied: keys('copied'),
      others: keys('refused') + keys('superseded'),
      bytes: this.value('upstairs_copied_bytes_total'),
    };
  }
}
