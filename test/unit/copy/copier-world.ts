import { join } from 'node:path';
import type { IdentityState } from '../../../src/bucket/identity.ts';
import type { Upload } from '../../../src/bucket/object-store.ts';
import { Copier, type CopierOptions } from '../../../src/copy/copier.ts';
import { CopyPace, type PaceLimits } from '../../../src/copy/copy-pace.ts';
import { LeftUploads } from '../../../src/copy/left-uploads.ts';
import type { ChangeDetails, CopyReason, Ledger } from '../../../src/ledger/ledger.ts';
import { SqliteLedger } from '../../../src/ledger/sqlite-ledger.ts';
import type { Mark, Marks } from '../../../src/marks/marks.ts';
import { SqliteMarks } from '../../../src/marks/sqlite-marks.ts';
import type { NotHad, SourceBody } from '../../../src/media/body.ts';
import { Leases } from '../../../src/protocol/leases.ts';
import type { Outcome } from '../../../src/protocol/state.ts';
import { scratch } from '../../support/scratch.ts';
import { fakeBody } from './fake-body.ts';
import { FakeStore } from './fake-store.ts';

export const key = 'media_attachments/files/1/original/a.jpg';
export const startMs = 1_700_000_000_000;
export const looksMs = [60_000, 600_000];
export const retry = { firstMs: 1000, mostMs: 30_000, times: 2 };
export const rules = { conditional: true, acls: true, looks: looksMs.length + 1 };
export const never = new AbortController().signal;

/** A copier with everything around it: real databases, a store and a source that do what the test says. */
export class CopierWorld {
  readonly dir = scratch('state');
  readonly ledger: SqliteLedger;
  readonly marks: SqliteMarks;
  readonly store = new FakeStore();
  readonly leases = new Leases();
  readonly left: LeftUploads;
  readonly notAborted: string[] = [];
  readonly ended: { outcome: Outcome; givenUp: boolean; bytes: number }[] = [];
  readonly alarms: string[] = [];
  readonly purged: string[] = [];
  readonly details: ChangeDetails[] = [];
  readonly pace = paceWith({ bytes: undefined, requests: undefined });
  nowMs = startMs;
  identity: IdentityState = 'ours';
  below: SourceBody | CopyReason = fakeBody('picture');
  failing: (method: keyof Ledger) => boolean = () => false;
  /** Goes on while the copier reads or writes its databases: before the call is passed on. */
  meanwhile: (call: `ledger ${keyof Ledger}` | `marks ${keyof Marks}`) => Promise<void> = async () => undefined;

  constructor() {
    this.ledger = new SqliteLedger(join(this.dir, 'ledger.db'), { batchMs: 0 });
    this.marks = new SqliteMarks(join(this.dir, 'marks.db'));
    this.left = new LeftUploads({
      records: this.ledger.parts,
      store: this.store.parts,
      usable: () => this.identity === 'ours',
      now: () => this.nowMs,
      notAborted: ({ uploadId }, answer) => this.notAborted.push(`${uploadId} ${answer}`),
      failed: (error) => this.notAborted.push(String(error)),
    });
  }

  async close(): Promise<void> {
    await this.left.stop();
    await this.ledger.close();
    await this.marks.close();
  }

  copier(change: Partial<CopierOptions> = {}): Copier {
    const world = this;
    return new Copier({
      ledger: watched(this.ledger as Ledger, async (method, args) => {
        if (this.failing(method)) throw new Error('the ledger is broken');
        if (method === 'change') this.details.push(args[2] as ChangeDetails);
        await this.meanwhile(`ledger ${method}`);
      }),
      marks: watched(this.marks as Marks, (method) => this.meanwhile(`marks ${method}`)),
      store: this.store,
      partStore: this.store.parts,
      leftUploads: this.left,
      identity: {
        get state() {
          return world.identity;
        },
        get trusted() {
          return world.identity === 'ours';
        },
        confirm: async () => this.identity,
      },
      leases: this.leases,
      pace: this.pace,
      acls: true,
      forCopy: () => this.forCopy(),
      contentType: () => 'image/jpeg',
      isPrivate: (name) => name.startsWith('backups/'),
      cacheControl: 'public, max-age=1',
      minAgeMs: 60_000,
      maxBytes: 1000,
      requestTimeoutMs: 60_000,
      looksMs,
      retry,
      now: () => this.nowMs,
      random: () => 0.999_999,
      events: {
        ended: (_key, outcome, givenUp, bytes) => this.ended.push({ outcome, givenUp, bytes }),
        alarm: (_key, alarm) => this.alarms.push(alarm),
      },
      purge: (name) => this.purged.push(name),
      ...change,
    });
  }

  async forCopy(): Promise<SourceBody | NotHad> {
    return typeof this.below === 'string' ? { reason: this.below } : this.below;
  }

  ask(): Promise<void> {
    return this.ledger.ask(new Map([[key, 1]]), this.nowMs, 0);
  }

  async copy(body?: SourceBody, signal = never): Promise<void> {
    await this.copier().run(rules, key, 'copy', body, signal);
  }

  async look(): Promise<void> {
    await this.copier().run(rules, key, 'look', undefined, never);
  }

  /** A decision about the key, whatever led to it. */
  async setMark(facts: Partial<Mark>): Promise<void> {
    await this.marks.update(
      [key],
      ({ mark, intents }) => ({ mark: { ...mark, ...facts, generation: mark.generation + 1 }, intents }),
      this.nowMs,
    );
  }

  async looksDueAt(atMs: number): Promise<number> {
    return (await this.ledger.looksDue(atMs, 9)).length;
  }
}

/** By the clock of the wall. */
export function paceWith(limits: PaceLimits): CopyPace {
  return new CopyPace({ limits, now: () => performance.now() });
}

export async function uploadOf(content: string): Promise<Upload> {
  const body = fakeBody(content);
  return {
    key,
    id: 'x',
    size: content.length,
    md5: Buffer.from((await body.whole()).md5, 'hex'),
    acl: 'public',
    contentType: 'image/jpeg',
    cacheControl: '',
    mtime: '0',
    onlyIfAbsent: false,
    bytes: async () => Buffer.from(content),
  };
}

/** Tells of every call before it is passed on. */
function watched<T extends object>(target: T, before: (method: keyof T, args: unknown[]) => Promise<void>): T {
  return new Proxy(target, {
    get(real, method) {
      const value: unknown = real[method as keyof T];
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        await before(method as keyof T, args);
        return await (value as (...all: unknown[]) => unknown).apply(real, args);
      };
    },
  });
}
