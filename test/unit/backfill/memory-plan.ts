import type { Plan, PlannedFile } from '../../../src/backfill/plan.ts';

/** A plan in memory: made of what the test says is below. */
export class MemoryPlan implements Plan {
  below: PlannedFile[] = [];
  made = 0;
  #files: PlannedFile[] | undefined;
  /** Fails `make`. */
  broken = false;
  readonly taken: string[] = [];

  async make(): Promise<{ files: number; bytes: number }> {
    if (this.broken) throw new Error('the plan cannot be made');
    this.made += 1;
    this.#files = [...this.below];
    return { files: this.#files.length, bytes: this.#files.reduce((sum, { size }) => sum + size, 0) };
  }

  async next(limit: number, without: ReadonlySet<string>): Promise<readonly PlannedFile[]> {
    return (this.#files ?? []).filter(({ source }) => !without.has(source)).slice(0, limit);
  }

  async took(files: readonly PlannedFile[]): Promise<void> {
    const keys = new Set(files.map(({ key }) => key));
    this.taken.push(...keys);
    this.#files = this.#files?.filter(({ key }) => !keys.has(key));
  }

  async left() {
    if (!this.#files) return undefined;
    const sources = [...new Set(this.#files.map(({ source }) => source))];
    const bySource = sources.map((source) => {
      const of = this.#files!.filter((file) => file.source === source);
      return { source, files: of.length, bytes: of.reduce((sum, { size }) => sum + size, 0) };
    });
    return { madeMs: 0, bySource };
  }
}
