import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { OperatorError, type Told } from '../lib/operator-error.ts';
import { peekDatabase } from '../lib/peek-database.ts';
import { openDatabase } from '../lib/sqlite.ts';
import type { Failure, FailureCount, FailureCursor, FailureState, Failures } from './failures.ts';
import { isFailure } from './failures-schema.ts';
import type { CopyReason, FailedFile } from './ledger.ts';
import { ledgerMigrations } from './ledger-schema.ts';

type Status = 'refused' | 'wanted';

interface Row {
  key: string;
  status: Status;
  reason: CopyReason;
  detail: string | null;
  failed: string | null;
  tries: number;
  since_ms: number;
  not_before_ms: number;
}

const stateOf: Readonly<Record<Status, FailureState>> = { refused: 'given-up', wanted: 'waiting' };
const statusOf: Readonly<Record<FailureState, Status>> = { 'given-up': 'refused', waiting: 'wanted' };

/** Keys that are counted in one bite, from the index alone: some milliseconds. */
const countAtOnce = 5000;
/** Keys that are changed in one bite. */
const retryAtOnce = 250;

/** Whatever the ledger is written by: a change is one short transaction. */
export class SqliteFailures implements Failures {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  static open(file: string): SqliteFailures {
    return new SqliteFailures(openDatabase(file, ledgerMigrations));
  }

  /** To look alone: nothing is changed, not even a ledger of another version. @throws LedgerVersionError */
  static peek(file: string): SqliteFailures {
    const db = peekDatabase(file);
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version === ledgerMigrations.length) return new SqliteFailures(db);
    db.close();
    throw new LedgerVersionError('LEDGER_VERSION', versionWords(file, version));
  }

  async page(after: FailureCursor | undefined, limit: number, reason?: CopyReason): Promise<readonly Failure[]> {
    const rows = this.#db
      .prepare(
        `SELECT key, status, reason, detail, failed, tries, since_ms, not_before_ms FROM copies INDEXED BY copies_failures
         WHERE ${isFailure} AND (reason, status, key) > (:reason, :status, :key) AND reason <= :last
         ORDER BY reason, status, key LIMIT :limit`,
      )
      .all({ ...placeOf(after, reason), last: reason ?? '~', limit }) as unknown as Row[];
    return rows.map(failureOf);
  }

  async counts(): Promise<readonly FailureCount[]> {
    const found: { reason: CopyReason; state: FailureState; keys: number }[] = [];
    const bite = this.#db.prepare(
      `SELECT reason, status, key FROM copies INDEXED BY copies_failures
       WHERE ${isFailure} AND (reason, status, key) > (:reason, :status, :key) ORDER BY reason, status, key LIMIT ${countAtOnce}`,
    );
    let place = placeOf(undefined, undefined);
    for (;;) {
      const rows = bite.all(place) as unknown as { reason: CopyReason; status: Status; key: string }[];
      for (const { reason, status } of rows) {
        const state = stateOf[status];
        const last = found.at(-1);
        if (last?.reason === reason && last.state === state) last.keys += 1;
        else found.push({ reason, state, keys: 1 });
      }
      const end = rows.at(-1);
      if (end === undefined || rows.length < countAtOnce) return found;
      place = { ...end };
      await setImmediate();
    }
  }

  async retry(
    which: 'all' | { readonly reason: CopyReason } | { readonly keys: readonly string[] },
    nowMs: number,
  ): Promise<number> {
    if (typeof which === 'object' && 'keys' in which) {
      let retried = 0;
      for (let i = 0; i < which.keys.length; i += retryAtOnce)
        retried += await this.#retryThese(which.keys.slice(i, i + retryAtOnce), nowMs);
      return retried;
    }
    const reason = which === 'all' ? undefined : which.reason;
    let retried = 0;
    let after: FailureCursor | undefined;
    for (;;) {
      const page = await this.page(after, retryAtOnce, reason);
      retried += await this.#retryThese(
        page.map(({ key }) => key),
        nowMs,
      );
      after = page.at(-1);
      if (after === undefined || page.length < retryAtOnce) return retried;
    }
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  async #retryThese(keys: readonly string[], nowMs: number): Promise<number> {
    if (keys.length === 0) return 0;
    const retry = this.#db.prepare(
      `UPDATE copies SET since_ms = iif(status = 'refused', :nowMs, since_ms), status = 'wanted', asked_ms = coalesce(asked_ms, :nowMs),
         not_before_ms = :nowMs, ready = 1, tries = 0, failures = 0, reason = NULL, detail = NULL, failed = NULL
       WHERE key = :key AND ${isFailure}`,
    );
    let retried = 0;
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const key of keys) retried += Number(retry.run({ key, nowMs }).changes);
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
    await setImmediate();
    return retried;
  }
}

/** Before the first of a reason, or of all, where nothing comes before. */
function placeOf(after: FailureCursor | undefined, reason: CopyReason | undefined) {
  if (after) return { reason: after.reason, status: statusOf[after.state], key: after.key };
  return { reason: reason ?? '', status: '', key: '' };
}

function failureOf({ key, status, reason, detail, failed, tries, since_ms, not_before_ms }: Row): Failure {
  return {
    key,
    state: stateOf[status],
    reason,
    detail: detail ?? undefined,
    file: failed === null ? undefined : (JSON.parse(failed) as FailedFile),
    tries,
    sinceMs: since_ms,
    nextTryMs: status === 'wanted' ? not_before_ms : undefined,
  };
}

/** A ledger that was last written by another version of this program. */
export class LedgerVersionError extends OperatorError<'LEDGER_VERSION'> {}

function versionWords(file: string, version: number): Told {
  const ours = ledgerMigrations.length;
  const [whose, todo] =
    version < ours
      ? ['an earlier', 'start `upstairs serve` of this version once: it brings the ledger up to date']
      : ['a later', 'use that later version, or restore a backup from before (`upstairs ledger restore`)'];
  return {
    found: `${file} was last written by ${whose} version of this program (${version}, not ${ours})`,
    expected: `a ledger of version ${ours}`,
    todo,
  };
}
