import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Acl } from '../../../src/bucket/object-store.ts';
import type { SourceFile } from '../../../src/ledger/files.ts';
import { SqliteFiles } from '../../../src/ledger/sqlite-files.ts';
import { SqliteLedger } from '../../../src/ledger/sqlite-ledger.ts';
import { SqliteObjects } from '../../../src/ledger/sqlite-objects.ts';
import { SqliteScanWriter } from '../../../src/ledger/sqlite-scan-writer.ts';
import { compareBytes } from '../../../src/lib/byte-order.ts';
import { decimalSeconds } from '../../../src/lib/decimal-seconds.ts';
import type { Source, SourceAnswer } from '../../../src/sources/source.ts';
import { Acknowledged } from '../../../src/verify/acknowledged.ts';
import { Examiner, type ExaminerOptions } from '../../../src/verify/examiner.ts';
import { ExceptionSpool } from '../../../src/verify/exception-spool.ts';
import type { ObjectHead } from '../../../src/verify/object-proof.ts';
import { type Noted, Outcome } from '../../../src/verify/outcome.ts';
import { Reread } from '../../../src/verify/reread.ts';
import type { MarkFacts } from '../../../src/verify/verdict.ts';
import { type Suspect, Verify } from '../../../src/verify/verify.ts';
import { gathered } from '../../support/gathered.ts';
import { scratch } from '../../support/scratch.ts';
import { unmarked } from './facts.ts';

export const mtimeNs = 1_614_834_367_123_456_789n;
const signal = new AbortController().signal;

export const md5Of = (text: string) => createHash('md5').update(text).digest('hex');

/** An object as the store has it now. */
export interface StoredObject {
  bytes: string;
  etag?: string;
  ours?: boolean;
  mtime?: string;
  md5chksum?: string;
  acl?: Acl;
}

/** Real databases; a store and sources that are maps. */
export class VerifyWorld {
  readonly #dir = scratch('state');
  readonly ledger = new SqliteLedger(join(this.#dir, 'ledger.db'), { batchMs: 0 });
  readonly files = new SqliteFiles(join(this.#dir, 'files.db'));
  readonly objects = new SqliteObjects(join(this.#dir, 'files.db'));
  readonly #scans = new SqliteScanWriter(join(this.#dir, 'files.db'));
  readonly marks = new Map<string, MarkFacts>();
  readonly bucket = new Map<string, StoredObject>();
  readonly disk = new Map<string, string | Exclude<SourceAnswer, { kind: 'found' }>>();
  /** What was asked of the store and read from the disk, in order. */
  readonly asked: string[] = [];
  /** Before the store answers a question. */
  meanwhile: (question: string) => Promise<void> = async () => undefined;

  async close(): Promise<void> {
    await this.ledger.close();
    await this.files.close();
    await this.objects.close();
    await this.#scans.close();
  }

  /** A file that was copied, and is scanned and listed; unless `without` says else. */
  async copied(
    key: string,
    text = key,
    without: readonly ('below' | 'above' | 'ledger' | 'scan')[] = [],
  ): Promise<void> {
    if (!without.includes('below')) this.disk.set(key, text);
    if (!without.includes('above')) this.bucket.set(key, { bytes: text });
    if (without.includes('ledger')) return;
    const details = { source: 'disk', size: Buffer.byteLength(text), md5: md5Of(text), mtime: decimalSeconds(mtimeNs) };
    await this.ledger.change(key, { status: 'copied' }, details, 1);
  }

  /** Scans what is on the disk now. */
  async scan(findings: { path: string; kind: 'odd-name' | 'unlistable'; detail: undefined }[] = []): Promise<void> {
    const scan = await this.#scans.begin('disk', 'walk', { fresh: true, nowMs: 1000 });
    const files = [...this.disk]
      .filter((entry): entry is [string, string] => typeof entry[1] === 'string')
      .map(([key, text]) => ({
        key,
        size: Buffer.byteLength(text),
        mtimeUs: Number(mtimeNs / 1000n),
        mode: this.modes.get(key) ?? 0o644,
      }));
    await this.#scans.put(scan, { files, findings, cursor: undefined, nowMs: 1000 });
    await this.#scans.end(scan, { nowMs: () => 2000, signal });
  }

  readonly modes = new Map<string, number>();

  /** Lists what is in the bucket now. */
  async list(): Promise<void> {
    await this.objects.begin(1000, true);
    const [range] = await this.objects.ranges();
    const objects = [...this.bucket]
      .map(([key, object]) => ({ key, size: Buffer.byteLength(object.bytes), etag: etagOf(object) }))
      .sort((a, b) => compareBytes(a.key, b.key));
    await this.objects.put(range!.id, { objects, upTo: undefined });
    await this.objects.end(2000);
  }

  source(): Source {
    return {
      name: 'disk',
      open: async (key) => {
        this.asked.push(`READ ${key}`);
        const text = this.disk.get(key);
        if (text === undefined) return { kind: 'missing' };
        if (typeof text !== 'string') return text;
        const { Readable } = await import('node:stream');
        return {
          kind: 'found',
          object: {
            meta: { size: Buffer.byteLength(text), mtimeMs: 0, headers: {} },
            mtime: '',
            private: false,
            read: () => Readable.from([Buffer.from(text)]),
            unchanged: async () => true,
            close: () => undefined,
          },
        };
      },
    };
  }

  async verify(change: Partial<ExaminerOptions> & { acknowledged?: Acknowledged; reread?: boolean } = {}) {
    const noted = await ExceptionSpool.in<Noted>(this.#dir);
    const suspects = await ExceptionSpool.in<Suspect>(this.#dir);
    const lines: string[] = [];
    const outcome = new Outcome({
      classOf: (key) => key.split('/')[0] ?? '',
      acknowledged: change.acknowledged ?? new Acknowledged([]),
      noted,
      combined: async (line) => void lines.push(line),
    });
    const reread = new Reread({ source: this.source(), came: () => undefined, rest: async () => undefined });
    const isAbout = change.isAbout ?? (() => true);
    const examiner = new Examiner({
      markOf: async (key) => this.marks.get(key) ?? unmarked,
      proof: {
        head: (key) => this.#ask(`HEAD ${key}`, key, headOf),
        hash: (key) =>
          this.#ask(`GET ${key}`, key, ({ bytes }) => ({ size: Buffer.byteLength(bytes), md5: md5Of(bytes) })),
        acl: (key) => this.#ask(`ACL ${key}`, key, ({ acl = 'public' }) => acl),
      },
      isAbout,
      isThere: () => true,
      rereads: new Map(change.reread ? [['disk', reread]] : []),
      inSample: () => false,
      came: () => undefined,
      askAcls: false,
      hasPrivatePrefix: (key) => key.startsWith('backups/'),
      isSkipped: (key) => key.startsWith('cache/'),
      wholeSeconds: () => false,
      signal,
      ...change,
    });
    const { files, objects, ledger: copies } = this;
    const verify = new Verify({
      ...{ files, objects, copies, examiner, outcome, suspects, isAbout },
      concurrency: 3,
      progress: () => undefined,
    });
    await verify.run(signal);
    const all = await gathered(noted.all());
    await noted.close();
    await suspects.close();
    return {
      lines,
      noted: all,
      /** `sign key reason` of every exception. */
      exceptions: all
        .filter(({ excepted, sign }) => excepted === undefined && sign !== '-')
        .map(({ sign, key, reason }) => `${sign} ${key} ${reason}`),
      outcome,
      changed: verify.changedMeanwhile,
      hash: outcome.stateHash(),
    };
  }

  async #ask<T>(question: string, key: string, answer: (object: StoredObject) => T): Promise<T | 'missing'> {
    this.asked.push(question);
    await this.meanwhile(question);
    const object = this.bucket.get(key);
    return object ? answer(object) : 'missing';
  }
}

function etagOf({ etag, bytes }: StoredObject): string {
  return etag ?? md5Of(bytes);
}

function headOf(object: StoredObject): ObjectHead {
  const etag = etagOf(object);
  return {
    size: Buffer.byteLength(object.bytes),
    md5: /^[0-9a-f]{32}$/.test(etag) ? etag : object.md5chksum,
    ours: object.ours ?? false,
    mtime: object.mtime,
  };
}

export type { SourceFile };
