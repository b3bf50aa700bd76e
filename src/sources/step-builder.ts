import type { FindingKind } from '../ledger/files.ts';
import type { SeenFile, SeenFinding } from '../ledger/scan-writer.ts';
import { keyProblem } from '../media/key.ts';
import { type ByteName, keyOf, printable } from './byte-names.ts';
import type { ListingStep } from './source-listing.ts';

/** Entries of a step, about. */
const stepEntries = 256;

/** Gathers what was met into steps. */
export class StepBuilder {
  #files: SeenFile[] = [];
  #findings: SeenFinding[] = [];
  #unknown: string[] = [];
  #entries = 0;

  get full(): boolean {
    return this.#entries >= stepEntries;
  }

  /** An entry of the listing was looked at. */
  entry(): void {
    this.#entries += 1;
  }

  file(name: ByteName, facts: Omit<SeenFile, 'key'>): void {
    const key = keyOf(name);
    const problem = keyProblem(key);
    if (problem === undefined) this.#files.push({ key, ...facts });
    else this.finding('odd-name', name, problem);
  }

  finding(kind: FindingKind, name: ByteName, detail: string | undefined): void {
    this.#findings.push({ kind, path: printable(name), detail });
  }

  /** The same, of something that could not be looked at: what was known of it stays. */
  unknown(kind: FindingKind, name: ByteName, detail: string | undefined): void {
    this.finding(kind, name, detail);
    const key = keyOf(name);
    if (keyProblem(key) === undefined) this.#unknown.push(key);
  }

  take(place: Pick<ListingStep, 'cursor' | 'at' | 'settled'>): ListingStep {
    const step = {
      ...place,
      files: this.#files,
      findings: this.#findings,
      unknown: this.#unknown,
      entries: this.#entries,
    };
    this.#files = [];
    this.#findings = [];
    this.#unknown = [];
    this.#entries = 0;
    return step;
  }
}
