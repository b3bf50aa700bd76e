import { Readable } from 'node:stream';
import type { ObjectStore, PutAnswer } from '../../../src/bucket/object-store.ts';
import { wholeOf } from '../../../src/gateway/store-answer.ts';
import type { StoreAnswer, StoreRequest } from '../../../src/gateway/store-gateway.ts';
import type { Bed } from './bed.ts';
import type { Calls, Fault } from './calls.ts';
import type { Watch } from './watch.ts';
import type { Weakness } from './weakness.ts';

/** What can go wrong between the program and the store: what becomes of the request, and what its sender hears. */
export function faults<T>(answers: { lost: T; unsent: T; busy: T; refused: T }): Fault<T>[] {
  const { lost, unsent, busy, refused } = answers;
  return [
    { label: 'is done, its answer lost', costs: 'fault', does: 'now', answer: lost },
    { label: 'is held back, no answer', costs: 'fault', does: 'later', answer: lost },
    { label: 'is never sent', costs: 'fault', does: 'never', answer: unsent },
    { label: 'is done, answered 5xx', costs: 'fault', does: 'now', answer: busy },
    { label: 'is held back, answered 5xx', costs: 'fault', does: 'later', answer: busy },
    { label: 'is refused', costs: 'refusal', does: 'never', answer: refused },
  ];
}

const mendFaults = faults({ lost: 'unknown', unsent: 'unknown', busy: 'unknown', refused: 'refused' } as const);

/** The real store as copies and looks have it. */
export function parkedStore({ store }: Bed, calls: Calls, watch: Watch, { unknownCopy }: Weakness): ObjectStore {
  const unknown = (slowDown: boolean): PutAnswer =>
    unknownCopy === 'stored' ? { kind: 'stored' } : { kind: 'unknown', reason: 'a fault', slowDown };
  return {
    put: (upload, signal) =>
      calls.park<PutAnswer>({
        label: 'the copy is uploaded',
        request: true,
        carryOut: () => watch.copying(() => store.put(upload, new AbortController().signal)),
        faults: faults<PutAnswer>({
          lost: unknown(false),
          unsent: unknown(false),
          busy: unknown(true),
          refused: { kind: 'refused', status: 400, code: 'QuotaExceeded' },
        }),
        signal,
        cut: unknown(false),
      }),
    look: (key) =>
      calls.park({
        label: 'the bucket is looked at',
        carryOut: () => watch.looking(() => store.look(key)),
        faults: [
          { label: 'fails', costs: 'fault', does: 'never', answer: { kind: 'unavailable', trouble: 'timeout' } },
        ],
      }),
    setAcl: (key, acl) =>
      calls.park({
        label: `the ACL is set to ${acl}`,
        request: true,
        carryOut: () => watch.mending(() => store.setAcl(key, acl)),
        faults: mendFaults,
      }),
    delete: (key) =>
      calls.park({
        label: 'what is there is deleted',
        request: true,
        carryOut: () => watch.deleting(() => store.delete(key)),
        faults: mendFaults,
      }),
  };
}

/** The real store as a client's mutation goes to it. `body`: what the client sends. */
export function parkedGateway({ gateway }: Bed, calls: Calls, label: string, body: string, weakness: Weakness) {
  const unknown = (sentNothing: boolean): StoreAnswer => {
    if (weakness.unknownMutation === 'done') return answered(200, '');
    if (weakness.unknownMutation === 'refused') return refused();
    return { kind: 'unknown', cause: new Error('a fault'), sentNothing };
  };
  const send = (request: StoreRequest) =>
    calls.park<StoreAnswer>({
      label,
      request: true,
      async carryOut() {
        // Whoever carries it out, and when: the body is sent anew.
        const stream = Readable.from([Buffer.from(body)]);
        const answer = await gateway.send(request.body ? { ...request, body: { stream, size: body.length } } : request);
        if (answer.kind === 'unknown') throw new Error('the real store gave no answer', { cause: answer.cause });
        return answered(answer.status, await wholeOf(answer.body), answer.headers);
      },
      faults: faults<StoreAnswer>({
        lost: unknown(false),
        unsent: unknown(true),
        busy: weakness.unknownMutation ? unknown(false) : answered(500, errorXml('InternalError')),
        refused: refused(),
      }),
    });
  return { send };
}

function refused(): StoreAnswer {
  return answered(403, errorXml('AccessDenied'));
}

function answered(status: number, text: string | Buffer, headers = {}): StoreAnswer {
  return { kind: 'answered', status, headers, body: Readable.from([Buffer.from(text)]) };
}

function errorXml(code: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code></Error>`;
}
