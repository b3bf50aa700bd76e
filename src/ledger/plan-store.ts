import type { PlannedFile } from '../backfill/plan.ts';

/** A file on its way into a plan. */
export interface PlanRow extends PlannedFile {
  /** It waits until all others are taken, and no place is kept for it before. */
  readonly late: boolean;
}

/** What is left of a plan in one source. */
export interface PlanLeft {
  readonly source: string;
  readonly files: number;
  readonly bytes: number;
}

/**
 * Plans, durable: one is in force while the next is being made, row by row, and takes its place at once when it is whole. Every call writes
 * or reads at most some hundred rows.
 */
export interface PlanStore {
  /** Begins a plan. One that was begun before, and did not become whole, is given up. */
  begin(): Promise<void>;
  /** Adds files to the plan that was begun. All files of a source come in the order of their keys, each key once. */
  add(rows: readonly PlanRow[]): Promise<void>;
  /** The plan that was begun is in force from now on. */
  finish(nowMs: number): Promise<void>;
  /** Takes away so many rows, about, of plans that are neither in force nor being made. False: there are none. */
  tidy(limit: number): Promise<boolean>;
  /** As `Plan` has them. */
  next(limit: number, without: ReadonlySet<string>): Promise<readonly PlannedFile[]>;
  took(files: readonly PlannedFile[]): Promise<void>;
  left(): Promise<{ readonly madeMs: number; readonly bySource: readonly PlanLeft[] } | undefined>;
  close(): Promise<void>;
}
