import type { Ledger } from '../../../src/ledger/ledger.ts';
import type { Marks } from '../../../src/marks/marks.ts';
import type { Bed } from './bed.ts';
import type { Calls } from './calls.ts';
import type { Watch } from './watch.ts';
import type { Weakness } from './weakness.ts';

/** The real marks, each call of which waits for its turn. */
export function parkedMarks({ marks }: Bed, calls: Calls, watch: Watch, { marksChange }: Weakness): Marks {
  return foreseen<Marks>({
    get: (key) => calls.park({ label: 'the mark is read', carryOut: () => marks.get(key) }),
    record: (key) => calls.park({ label: 'the marks are read', carryOut: () => marks.record(key) }),
    update: (keys, change, nowMs) =>
      calls.park({
        label: 'the marks are written',
        file: 'marks',
        async carryOut() {
          const weakened: typeof change = (record, key) => {
            const after = change(record, key);
            return marksChange ? marksChange(record, after) : after;
          };
          const records = await marks.update(keys, weakened, nowMs);
          for (const record of records.values()) watch.marksWritten(record);
          return records;
        },
      }),
  });
}

/** The real ledger, likewise. */
export function parkedLedger({ ledger }: Bed, calls: Calls, watch: Watch, { ledgerChange }: Weakness): Ledger {
  return foreseen<Ledger>({
    record: (key) => calls.park({ label: 'the record is read', carryOut: () => ledger.record(key) }),
    queued: (key) => calls.park({ label: 'the queue is read', carryOut: () => ledger.queued(key) }),
    change: (key, change, details, nowMs) =>
      calls.park({
        label: `the ledger is written ${JSON.stringify({ ...change, attempts: change.attempts?.length })}`,
        file: 'ledger',
        async carryOut() {
          const before = await ledger.record(key);
          await ledger.change(key, ledgerChange?.(change) ?? change, details, nowMs);
          await watch.ledgerWritten(before, await ledger.record(key));
        },
      }),
  });
}

/** A part of which only these methods are expected to be called. */
function foreseen<T extends object>(methods: Partial<T>): T {
  return new Proxy(methods as T, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (method === undefined) throw new Error(`the schedules do not foresee ${String(name)}`);
      return method;
    },
  });
}
