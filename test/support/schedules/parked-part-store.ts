import type { PutAnswer } from '../../../src/bucket/object-store.ts';
import type { NotTaken, PartStore } from '../../../src/bucket/part-store.ts';
import type { Bed } from './bed.ts';
import type { Calls, Fault } from './calls.ts';
import { faults } from './parked-store.ts';
import type { Watch } from './watch.ts';
import type { Weakness } from './weakness.ts';

const lost: NotTaken = { kind: 'not-taken', status: undefined, code: 'a fault', slowDown: false };
const notTaken: Fault<NotTaken>[] = [
  { label: 'is refused', costs: 'refusal', does: 'never', answer: { ...lost, status: 400 } },
  // Not tried again, as no answer would be: time is the schedule's.
  { label: 'is never sent', costs: 'fault', does: 'never', answer: { ...lost, cause: { code: 'CHANGED' } } },
];
const never = new AbortController().signal;

/** The real store as uploads in parts have it. What its completions do is watched as uploads are. */
export function parkedPartStore({ partStore }: Bed, calls: Calls, watch: Watch, { unknownCopy }: Weakness): PartStore {
  const unknown = (slowDown: boolean): PutAnswer =>
    unknownCopy === 'stored' ? { kind: 'stored' } : { kind: 'unknown', reason: 'a fault', slowDown };
  return {
    begin: (object, signal) =>
      calls.park({
        label: 'parts are begun',
        carryOut: () => partStore.begin(object, never),
        faults: notTaken,
        signal,
        cut: lost,
      }),
    send: (key, uploadId, part, signal) =>
      calls.park({
        label: `part ${part.number} is sent`,
        carryOut: () => partStore.send(key, uploadId, part, never),
        faults: notTaken,
        signal,
        cut: lost,
      }),
    complete: (key, uploadId, etags, _onlyIfAbsent, signal) =>
      calls.park<PutAnswer>({
        label: 'the parts are completed',
        request: true,
        // As if the store knew no condition here: it does not.
        carryOut: () => watch.copying(() => partStore.complete(key, uploadId, etags, false, never)),
        faults: faults<PutAnswer>({
          lost: unknown(false),
          unsent: unknown(false),
          busy: unknown(true),
          refused: { kind: 'refused', status: 400, code: 'InvalidPart' },
        }),
        signal,
        cut: unknown(false),
      }),
    abort: (key, uploadId) => partStore.abort(key, uploadId),
  };
}
