import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Identity } from '../../../src/bucket/identity.ts';
import { Copier } from '../../../src/copy/copier.ts';
import { LeftUploads } from '../../../src/copy/left-uploads.ts';
import type { Call } from '../../../src/gateway/call.ts';
import { Mutations } from '../../../src/gateway/mutations.ts';
import { ObjectWrites } from '../../../src/gateway/object-writes.ts';
import type { SourceBody } from '../../../src/media/body.ts';
import type { Bed } from './bed.ts';
import { Calls, type Loose } from './calls.ts';
import type { Clients } from './clients.ts';
import { parkedPartStore } from './parked-part-store.ts';
import { parkedLedger, parkedMarks } from './parked-state.ts';
import { parkedGateway, parkedStore } from './parked-store.ts';
import { PatientLeases } from './patient-leases.ts';
import type { Plan } from './plan.ts';
import type { Watch } from './watch.ts';
import type { Weakness } from './weakness.ts';

export interface ProgramOptions {
  readonly bed: Bed;
  readonly plan: Plan;
  readonly key: string;
  readonly clients: Clients;
  readonly watch: Watch;
  readonly weakness: Weakness;
  readonly now: () => number;
  readonly loosened: (loose: Loose) => void;
  readonly failed: (error: unknown) => void;
}

/** Between looks, in milliseconds: one less than there are looks. */
export const looksMs = [60_000, 3_600_000];

const ours: Identity = { state: 'ours', trusted: true, confirm: async () => 'ours' };

/** One life of the program, as one key sees it: the real copier and the real mutations over the shared databases. */
export class Program {
  readonly calls: Calls;
  readonly leases: PatientLeases;
  readonly #options: ProgramOptions;
  readonly #copier: Copier;
  readonly #ledger;
  readonly #marks;
  readonly #left: LeftUploads;

  constructor(options: ProgramOptions) {
    const { bed, plan, watch, weakness, now } = options;
    this.#options = options;
    this.calls = new Calls(options.loosened);
    this.leases = new PatientLeases(!weakness.undisturbed);
    this.#marks = parkedMarks(bed, this.calls, watch, weakness);
    this.#ledger = parkedLedger(bed, this.calls, watch, weakness);
    const { parts } = bed.ledger;
    // What it does once a turn is over can be seen by nobody, and is not parked. The other keys are other schedules'.
    this.#left = new LeftUploads({
      records: {
        begun: (upload, nowMs) =>
          this.calls.park({
            label: 'the parts are put on record',
            file: 'ledger',
            carryOut: () => parts.begun(upload, nowMs),
          }),
        over: (uploadId) => parts.over(uploadId),
        made: (copyId) =>
          this.calls.park({
            label: 'an upload in parts is struck off',
            file: 'ledger',
            carryOut: () => parts.made(copyId),
          }),
        left: async () => (await parts.left(100_000)).filter(({ key }) => key === options.key),
      },
      store: bed.partStore,
      usable: () => true,
      now,
      notAborted: ({ uploadId }, answer) => options.failed(new Error(`${uploadId} was not aborted: ${answer}`)),
      failed: options.failed,
    });
    this.#copier = new Copier({
      ledger: this.#ledger,
      marks: this.#marks,
      store: parkedStore(bed, this.calls, watch, weakness),
      partStore: parkedPartStore(bed, this.calls, watch, weakness),
      leftUploads: this.#left,
      identity: ours,
      leases: this.leases,
      pace: { turn: async () => 0, spent: () => undefined, answered: () => undefined },
      forCopy: async () => (plan.world.below ? this.#source() : { reason: 'gone-below' }),
      contentType: () => 'text/plain',
      isPrivate: () => false,
      acls: true,
      cacheControl: 'public',
      minAgeMs: 0,
      maxBytes: 1000,
      requestTimeoutMs: 3_600_000,
      looksMs,
      retry: { firstMs: 1000, mostMs: 60_000, times: 1000 },
      now,
      random: () => 0.5,
      events: { ended: () => undefined, alarm: () => undefined },
      purge: () => undefined,
    });
  }

  /** A turn of the copier's. Its end is seen in its lease. */
  begin(what: 'copy' | 'look'): void {
    const { plan, key, failed } = this.#options;
    this.#copier.run(plan.world.rules, key, what, undefined, new AbortController().signal).catch(failed);
  }

  /** A client's mutation comes in. */
  send(i: number): void {
    const { plan, key, clients, failed } = this.#options;
    const kind = plan.world.mutations[i]!;
    clients.sends(i);
    const writes = this.#writes(i, kind === 'put' ? `new${i}` : '');
    const call = callOf((result) => clients.told(i, result), `new${i}`);
    const done =
      kind === 'delete'
        ? writes.delete(call, { name: 'DeleteObject', right: 'delete', key })
        : kind === 'put'
          ? writes.put(call, { name: 'PutObject', right: 'write', key, headers: {}, acl: 'public' })
          : writes.putAcl(call, {
              name: 'PutObjectAcl',
              right: 'write',
              key,
              acl: kind === 'acl-public' ? 'public' : 'private',
            });
    done.catch((error: unknown) => {
      // What clients are told of a mutation that was not done has a code.
      if (!(error instanceof Error && 'code' in error && 'status' in error)) failed(error);
    });
  }

  #writes(i: number, body: string): ObjectWrites {
    const { bed, plan, clients, weakness, now } = this.#options;
    const { world, unusable } = plan;
    const mutations = new Mutations({
      marks: this.#marks,
      ledger: this.#ledger,
      leases: this.leases,
      rules: () => (unusable[i] ? undefined : world.rules),
      purge: () => undefined,
      leaseWaitMs: 3000,
      now,
    });
    return new ObjectWrites({
      store: parkedGateway(bed, this.calls, `client ${i}: ${world.mutations[i]} is forwarded`, body, weakness),
      mutations: {
        run: (asked, forward) =>
          mutations.run(asked, async (held) => {
            const answers = await forward(held);
            clients.forwarded(i, answers.values().next().value);
            return answers;
          }),
      },
      markOf: (key) => bed.marks.get(key),
      whereBelow: async () => (world.below ? 'below' : 'nowhere'),
      rightBucket: async () => true,
      bucket: 'media',
      keyPrefix: '',
      acls: true,
      isPrivate: () => false,
      answerWithinMs: 60_000,
      newId: () => clients.intentId(i),
      now,
    });
  }

  #source(): SourceBody {
    const bytes = Buffer.from('source');
    const md5 = createHash('md5').update(bytes).digest('hex');
    return {
      meta: { size: bytes.length, mtimeMs: 0, headers: {} },
      bytes,
      source: 'basement',
      mtime: '1614834367.5',
      private: this.#options.plan.world.sourceAcl === 'private',
      open: async () => Readable.from([bytes]),
      release: () => undefined,
      whole: () => {
        const parts = { bytes: bytes.length, md5s: [md5] };
        const digests = { md5, ...(this.#options.plan.world.inParts && { parts }) };
        return this.calls.park({ label: 'the source is read', carryOut: async () => digests });
      },
    };
  }
}

function callOf(told: (result: string) => void, body: string): Call {
  return {
    request: { method: 'PUT', rawPath: '/media/key', rawQuery: '', headers: [] },
    caller: {
      name: 'mastodon',
      rights: ['read', 'write', 'delete'],
      prefix: '',
      presigned: false,
      payload: { kind: 'unsigned' },
      signedHeaders: new Set(),
    },
    announced: () => ({ size: body.length }),
    body: () => Readable.from([Buffer.from(body)]),
    signal: new AbortController().signal,
    audited: (_key, result) => told(result),
  };
}
