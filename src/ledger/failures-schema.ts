/**
 * Which rows are failures: given up, or tried in vain and waiting for the next try. Written the same in every statement, so that the index
 * serves them.
 */
export const isFailure = "reason IS NOT NULL AND (status = 'refused' OR (status = 'wanted' AND tries > 0))";

/** What could not be copied, found by its reason: few rows, whatever the ledger holds. And the file's facts, as JSON. */
export const failuresMigration = `
  ALTER TABLE copies ADD COLUMN failed TEXT;
  CREATE INDEX copies_failures ON copies (reason, status, key) WHERE ${isFailure}`;
