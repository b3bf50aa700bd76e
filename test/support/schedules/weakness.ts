import type { RecordChange } from '../../../src/ledger/ledger.ts';
import type { MarkRecord } from '../../../src/marks/marks.ts';

/** A step of the protocol that is left out or done wrongly: schedules must find out. */
export interface Weakness {
  /** What is written into the ledger instead. */
  readonly ledgerChange?: (change: RecordChange) => RecordChange;
  /** What is written into the marks instead. */
  readonly marksChange?: (before: MarkRecord, after: MarkRecord) => MarkRecord;
  /** What an upload of ours, or a client's mutation, is taken for when its outcome is unknown. */
  readonly unknownCopy?: 'stored';
  readonly unknownMutation?: 'done' | 'refused';
  /** A process that starts does not look for what an earlier one left. */
  readonly forgetful?: true;
  /** Who holds a lease is not told of mutations that are recorded without it. */
  readonly undisturbed?: true;
}
