import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { merge } from './base-config.ts';
import { eventually } from './eventually.ts';
import type { Decide, Decision, ProxiedRequest } from './fault-proxy.ts';
import { scratch } from './scratch.ts';
import { type WriteWorld, type WriteWorldOptions, writeWorld } from './write-world.ts';

/** The program with a write host, which can be ended and started again on the same bucket, disk and state. */
export interface Lives {
  /** The one that runs now. */
  readonly world: WriteWorld;
  readonly stateDir: string;
  /** What the store does wrong, key by key; requests for other keys pass. */
  readonly faults: Map<string, Decide>;
  /** What a reader is given: the bytes as text, or the status if it is not 200. */
  seen(key: string): Promise<string | number>;
  /** Waits until every look is over, and no upload or mutation has an unknown outcome. */
  settled(): Promise<void>;
  /** Ends it by a signal, and starts the next one; `stateDir`: on another state. The faults are over. */
  again(signal: NodeJS.Signals, stateDir?: string): Promise<void>;
}

/** Quick looks and retries; room for many copies that hang at once; nobody waits for the store's first byte in vain. */
const quick = {
  copy: { concurrency: 32, retry: { first: '200ms', most: '1s' } },
  bucket: { headersTimeout: '20s', identityEvery: '300ms' },
};

export async function lives(options: WriteWorldOptions = {}): Promise<Lives> {
  const faults = new Map<string, Decide>();
  let stateDir = options.stateDir ?? scratch('state');
  const begin = async (bucket?: string) => {
    const begun = await writeWorld({
      ...options,
      config: merge(quick, options.config ?? {}),
      stateDir,
      ...(bucket !== undefined && { bucket }),
    });
    begun.store.decide = (request) => faults.get(request.path.slice(begun.bucket.length + 2))?.(request) ?? 'pass';
    return begun;
  };
  let world = await begin();
  return {
    get world() {
      return world;
    },
    get stateDir() {
      return stateDir;
    },
    faults,
    async seen(key) {
      const { status, text } = await world.upstairs.get(`/${key}`);
      return status === 200 ? text : status;
    },
    settled: () =>
      eventually(() => unsettled(stateDir) === 0, { withinMs: 30_000, everyMs: 200 }).then(() => undefined),
    async again(signal, elsewhere = stateDir) {
      await world.upstairs.kill(signal);
      faults.clear();
      stateDir = elsewhere;
      world = await begin(world.bucket);
    },
  };
}

/** A fault of the first request that matches; the others pass. */
export function once(matches: (request: ProxiedRequest) => boolean, fault: Decision | Decide): Decide {
  let met = false;
  return (request) => {
    if (met || !matches(request)) return 'pass';
    met = true;
    return typeof fault === 'function' ? fault(request) : fault;
  };
}

/** Looks that are due or to come, uploads of ours and mutations of clients that have no known outcome. */
function unsettled(stateDir: string): number {
  const count = (file: string, sql: string) => {
    const db = new DatabaseSync(join(stateDir, file), { readOnly: true, timeout: 5000 });
    const { n } = db.prepare(sql).get() as { n: number };
    db.close();
    return n;
  };
  const looks = 'SELECT count(*) AS n FROM copies WHERE look IS NOT NULL';
  return (
    count('ledger.db', looks) +
    count('ledger.db', 'SELECT count(*) AS n FROM attempts') +
    count('marks.db', 'SELECT count(*) AS n FROM intents')
  );
}
