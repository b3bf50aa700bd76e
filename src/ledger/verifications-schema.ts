/** The results of verifications, and which sources each was about. The newest of them are kept. */
export const verificationsMigration = `
  CREATE TABLE verifications (
    id INTEGER PRIMARY KEY,
    began_ms INTEGER NOT NULL,
    ended_ms INTEGER NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('recorded', 'download', 'source')),
    percent REAL NOT NULL,
    clean INTEGER NOT NULL,
    equal INTEGER NOT NULL,
    only_below INTEGER NOT NULL,
    only_above INTEGER NOT NULL,
    different INTEGER NOT NULL,
    error INTEGER NOT NULL,
    excepted INTEGER NOT NULL,
    state_hash TEXT NOT NULL
  ) STRICT;
  CREATE TABLE verified_sources (
    source TEXT NOT NULL,
    verification INTEGER NOT NULL REFERENCES verifications (id),
    PRIMARY KEY (source, verification)
  ) STRICT, WITHOUT ROWID`;

/** What chose the sample: another sample looks at other objects. */
export const verifiedSampleMigration = 'ALTER TABLE verifications ADD COLUMN seed TEXT';

/** What scans had told of a source as the verification began: the clock may be set back after it. */
export const verifiedNewsMigration = 'ALTER TABLE verified_sources ADD COLUMN news_ms INTEGER';
