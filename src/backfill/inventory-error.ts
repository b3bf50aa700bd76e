import { OperatorError } from '../lib/operator-error.ts';

export type InventoryErrorCode =
  /** The identity object is not there, or names another state: another bucket, or a wrong configuration. */
  | 'INVENTORY_WRONG_BUCKET'
  /** The store could not be asked for it. */
  | 'INVENTORY_BUCKET_UNKNOWN';

/** What was listed may not be this state's bucket. */
export class InventoryError extends OperatorError<InventoryErrorCode> {}
