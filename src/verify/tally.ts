import type { Hidden } from './examiner.ts';
import type { Excepted, Sign, Verdict } from './verdict.ts';

/** Where a file is counted: by its sign, or as excepted. */
export type Column = Sign | 'excepted';

export interface Amount {
  files: number;
  bytes: number;
}

export const columns: readonly Column[] = ['=', '-', '+', '*', '!', 'excepted'];

/** Files and bytes by class and verdict. */
export class Tally {
  readonly #rows = new Map<string, Record<Column, Amount>>();
  readonly excepted: Record<Excepted, number> = {
    'mark-gone': 0,
    'mark-replaced': 0,
    'rule-skip': 0,
    acknowledged: 0,
  };
  /** Files and objects that the public may not have, by why; equal ones among them. */
  readonly hidden: Record<Hidden, number> = { mark: 0, prefix: 0, mode: 0 };

  add(mediaClass: string, { sign, excepted }: Verdict, bytes: number, hidden?: Hidden): void {
    const row = this.#rows.get(mediaClass) ?? noAmounts();
    this.#rows.set(mediaClass, row);
    const amount = row[excepted ? 'excepted' : sign];
    amount.files += 1;
    amount.bytes += bytes;
    if (excepted) this.excepted[excepted] += 1;
    if (hidden) this.hidden[hidden] += 1;
  }

  /** In order of the classes' names. */
  rows(): readonly (readonly [mediaClass: string, amounts: Readonly<Record<Column, Readonly<Amount>>>])[] {
    return [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  total(): Readonly<Record<Column, Readonly<Amount>>> {
    const total = noAmounts();
    for (const row of this.#rows.values())
      for (const column of columns) {
        total[column].files += row[column].files;
        total[column].bytes += row[column].bytes;
      }
    return total;
  }
}

function noAmounts(): Record<Column, Amount> {
  return Object.fromEntries(columns.map((column) => [column, { files: 0, bytes: 0 }])) as Record<Column, Amount>;
}
