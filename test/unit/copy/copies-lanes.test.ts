import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BackfillLane } from '../../../src/copy/backfill-lane.ts';
import { Copies, type CopiesOptions } from '../../../src/copy/copies.ts';
import type { TurnEnd } from '../../../src/copy/copy-turn.ts';
import type { Lane } from '../../../src/ledger/ledger.ts';
import { SqliteLedger } from '../../../src/ledger/sqlite-ledger.ts';
import { Leases } from '../../../src/protocol/leases.ts';
import { eventually } from '../../support/eventually.ts';
import { scratch } from '../../support/scratch.ts';
import { rules } from './copier-world.ts';

/** Copies under way, each until the test ends it. */
class Turns {
  readonly underWay = new Map<string, { lane: Lane; end: () => void; stored: () => void }>();
  readonly begun: string[] = [];
  readonly #ledger: SqliteLedger;

  constructor(ledger: SqliteLedger) {
    this.#ledger = ledger;
  }

  readonly run: CopiesOptions['copier']['run'] = async (
    _rules,
    key,
    _what,
    _body,
    _signal,
    lane = 'asked-for',
    stored = () => {},
  ) => {
    this.begun.push(key);
    await new Promise<void>((end) => this.underWay.set(key, { lane, end, stored }));
    await this.#ledger.change(key, { status: 'copied' }, {}, 1);
    this.underWay.delete(key);
    return { outcome: { type: 'copied' }, givenUp: false, bytes: 1 } satisfies TurnEnd;
  };

  inLane(lane: Lane): string[] {
    return [...this.underWay].filter(([, turn]) => turn.lane === lane).map(([key]) => key);
  }

  end(key: string): void {
    this.underWay.get(key)?.end();
  }

  endAll(): void {
    for (const { end } of this.underWay.values()) end();
  }
}

describe('two lanes of copies', () => {
  let ledger: SqliteLedger;
  let turns: Turns;
  let copies: Copies | undefined;
  const ended: string[] = [];
  const waits = { 'asked-for': 0, backfill: 0 };
  let places = new Map<string, number>();
  const begun: string[] = [];
  const lane: BackfillLane = {
    places: () => places,
    begun: (source, underWay) => begun.push(`${source} ${underWay}`),
    ended: (source, key) => ended.push(`${source} ${key}`),
  };

  beforeEach(() => {
    ledger = new SqliteLedger(join(scratch(), 'ledger.db'), { batchMs: 0 });
    turns = new Turns(ledger);
    places = new Map([['basement', 2]]);
    waits['asked-for'] = 0;
    waits.backfill = 0;
    ended.length = 0;
    begun.length = 0;
  });
  afterEach(async () => {
    const ending = setInterval(() => turns.endAll(), 5);
    await copies?.stop(1000);
    clearInterval(ending);
    await ledger.close();
  });

  const start = async (change: Partial<CopiesOptions> = {}) => {
    copies = new Copies({
      ledger,
      copier: turns,
      leases: new Leases(),
      pace: { waitMs: (of) => waits[of] },
      backfill: lane,
      copying: true,
      concurrency: 2,
      maxQueued: 3,
      rules: () => rules,
      unsettled: async () => [],
      now: Date.now,
      failed: (error) => {
        throw error;
      },
      turnedAway: () => turned.push(1),
      ...change,
    });
    await copies.start();
    return copies;
  };
  const turned: number[] = [];
  const file = (key: string, source = 'basement') => ({ key, source, size: 1 });
  const backfill = (...keys: string[]) =>
    ledger.backfill(
      keys.map((key) => file(key)),
      1,
      0,
    );
  const ask = (...keys: string[]) => ledger.ask(new Map(keys.map((key) => [key, 1])), 1, 0);
  const until = (check: () => void) => eventually(async () => check(), { withinMs: 10_000, everyMs: 10 });

  test('what was asked for goes first, and the backfill begins nothing while it waits', async () => {
    await backfill('b1', 'b2');
    await ask('a1', 'a2', 'a3');
    await start();
    await until(() => expect(turns.inLane('asked-for')).toHaveLength(2));
    expect(turns.inLane('backfill')).toEqual([]);
    turns.endAll();
    // The last one takes one place of two: nothing waits any more.
    await until(() => expect(turns.inLane('backfill')).toEqual(['b1', 'b2']));
    expect(turns.begun.slice(0, 3).sort()).toEqual(['a1', 'a2', 'a3']);
  });

  test('the backfill goes on by itself while nobody asks for anything, in its order', async () => {
    await backfill('b1', 'b2', 'b3', 'b4', 'b5');
    await start();
    const ending = setInterval(() => turns.endAll(), 5);
    await until(() => expect(ended).toHaveLength(5));
    clearInterval(ending);
    expect(turns.begun).toEqual(['b1', 'b2', 'b3', 'b4', 'b5']);
    // The lane learns how much of what it gave was used: by that it gives more.
    expect(begun.slice(0, 2)).toEqual(['basement 1', 'basement 2']);
    expect(ended.sort()).toEqual(['b1', 'b2', 'b3', 'b4', 'b5'].map((key) => `basement ${key}`));
  });

  test('the backfill has places of its own: what is asked for never waits for one of them', async () => {
    await backfill('b1', 'b2', 'b3', 'b4');
    await start();
    await until(() => expect(turns.inLane('backfill')).toEqual(['b1', 'b2']));
    await ask('a1', 'a2');
    await until(() => expect(turns.inLane('asked-for').sort()).toEqual(['a1', 'a2']));
    // All places of the first lane are taken: nobody knows whether more waits.
    turns.end('b1');
    await until(() => expect(ended).toEqual(['basement b1']));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(turns.inLane('backfill')).toEqual(['b2']);
    turns.end('a1');
    await until(() => expect(turns.inLane('backfill')).toEqual(['b2', 'b3']));
  });

  test.each([
    ['asked-for', async () => ask('k1', 'k2', 'k3', 'k4', 'k5')],
    ['backfill', async () => backfill('k1', 'k2', 'k3', 'k4', 'k5')],
  ] as const)('a copy that the store has gives its place on before that is recorded: %s', async (of, wanted) => {
    await wanted();
    const all = await start();
    await until(() => expect(turns.inLane(of)).toHaveLength(2));
    turns.underWay.get('k1')?.stored();
    await until(() => expect(turns.inLane(of)).toHaveLength(3));
    turns.underWay.get('k2')?.stored();
    await until(() => expect(turns.inLane(of)).toHaveLength(4));
    // As many as may be under way may wait for their record, and no more.
    turns.underWay.get('k3')?.stored();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(turns.inLane(of)).toHaveLength(4);
    expect(all.active).toBe(4);
    turns.end('k3');
    await until(() => expect(turns.inLane(of).sort()).toEqual(['k1', 'k2', 'k4', 'k5']));
    turns.endAll();
    await until(() => expect(all.active).toBe(0));
  });

  test('each source has its places, and one without any delays no other', async () => {
    await ledger.backfill([file('b1'), file('b2'), file('c1', 'attic'), file('c2', 'attic')], 1, 0);
    places = new Map([
      ['basement', 0],
      ['attic', 1],
    ]);
    await start();
    await until(() => expect(turns.inLane('backfill')).toEqual(['c1']));
    places = new Map([['basement', 1]]);
    turns.end('c1');
    await until(() => expect(turns.inLane('backfill')).toEqual(['b1']));
  });

  test('what somebody asks for leaves the backfill, and is copied though that stands still', async () => {
    places = new Map();
    await backfill('b1', 'b2');
    (await start()).request('b2');
    await until(() => expect(turns.inLane('asked-for')).toEqual(['b2']));
    expect(turns.inLane('backfill')).toEqual([]);
  });

  test('what waits in the backfill takes no room from what is asked for', async () => {
    places = new Map();
    await backfill('b1', 'b2', 'b3', 'b4', 'b5');
    const front = await start();
    await until(() => expect(turned).toEqual([]));
    front.request('a1');
    await until(() => expect(turns.inLane('asked-for')).toEqual(['a1']));
    expect(turned).toEqual([]);
  });

  test('a pace that is used up holds back both, or the backfill alone', async () => {
    await backfill('b1');
    waits.backfill = 60_000;
    await start();
    await ask('a1');
    await until(() => expect(turns.inLane('asked-for')).toEqual(['a1']));
    waits['asked-for'] = 60_000;
    await ask('a2');
    turns.endAll();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(turns.begun).toEqual(['a1']);
    waits['asked-for'] = 0;
    waits.backfill = 0;
    await until(() => expect(turns.begun.sort()).toEqual(['a1', 'a2', 'b1']));
  });
});
