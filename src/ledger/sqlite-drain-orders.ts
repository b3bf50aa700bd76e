import type { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '../lib/sqlite.ts';
import { type DrainOrdersStore, type HandOrders, noHandOrders } from './drain-orders.ts';
import { ledgerMigrations } from './ledger-schema.ts';

interface Row {
  run: 'running' | 'paused' | null;
  since: number | null;
  limited: number;
  bytes: number | null;
  objects: number | null;
}

/** In the ledger's file. */
export class SqliteDrainOrders implements DrainOrdersStore {
  readonly #db: DatabaseSync;

  constructor(file: string) {
    this.#db = openDatabase(file, ledgerMigrations);
  }

  async read(): Promise<HandOrders> {
    const row = this.#db
      .prepare(
        `SELECT run, run_since_ms AS since, limited, bytes_per_second AS bytes, objects_per_second AS objects FROM drain_orders`,
      )
      .get() as unknown as Row | undefined;
    if (row === undefined) return noHandOrders;
    const { run, since, limited, bytes, objects } = row;
    const limits = {
      ...(bytes === null ? {} : { bytesPerSecond: bytes }),
      ...(objects === null ? {} : { objectsPerSecond: objects }),
    };
    return {
      run: run === null ? undefined : { order: run, sinceMs: since ?? 0 },
      limits: limited === 1 ? limits : undefined,
    };
  }

  async write({ run, limits }: HandOrders): Promise<void> {
    this.#db
      .prepare(
        `INSERT OR REPLACE INTO drain_orders (one, run, run_since_ms, limited, bytes_per_second, objects_per_second)
         VALUES (1, ?, ?, ?, ?, ?)`,
      )
      .run(
        run?.order ?? null,
        run?.sinceMs ?? null,
        limits === undefined ? 0 : 1,
        limits?.bytesPerSecond ?? null,
        limits?.objectsPerSecond ?? null,
      );
  }

  async close(): Promise<void> {
    this.#db.close();
  }
}
