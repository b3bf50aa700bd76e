import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Intent, Mark, MarkRecord, Marks } from '../../src/marks/marks.ts';
import { decided, intentOf, type MarksFixture } from './marks.contract.ts';

/** What is known of a key that has a mark. */
interface Row {
  record: MarkRecord;
  changedMs: number;
  kept: boolean;
}

type Verdict = 'nowhere' | 'below' | 'later';

type Operation =
  | { readonly type: 'change'; readonly changes: readonly Change[] }
  | { readonly type: 'review'; readonly key: string; readonly verdict: Verdict; readonly behind: number }
  | { readonly type: 'reopen' };

interface Change {
  readonly key: string;
  readonly facts: Partial<Mark>;
  readonly kind: Intent['kind'] | undefined;
  /** How many of the oldest intents are dropped. */
  readonly dropped: number;
}

const keys = ['a', 'b', 'c'];
const key = fc.constantFrom(...keys);
const facts: fc.Arbitrary<Partial<Mark>> = fc.record(
  {
    below: fc.constantFrom('open' as const, 'closed' as const),
    shown: fc.constantFrom('unset' as const, 'public' as const, 'private' as const, 'gone' as const),
  },
  { requiredKeys: [] },
);
const change: fc.Arbitrary<Change> = fc.record({
  key,
  facts,
  kind: fc.option(fc.constantFrom<Intent['kind']>('delete', 'put', 'acl-private', 'acl-public'), { nil: undefined }),
  dropped: fc.nat(2),
});
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('change' as const),
      changes: fc.uniqueArray(change, { minLength: 1, maxLength: 3, selector: (one) => one.key }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('review' as const),
      key,
      verdict: fc.constantFrom<Verdict>('nowhere', 'below', 'later'),
      behind: fc.constantFrom(0, 0, 0, 1),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'reopen' as const }) },
);

/** Every store of marks agrees with a plain map, whatever is done to it. */
export function marksModelContract(name: string, makeFixture: () => MarksFixture): void {
  test(`${name} of marks agrees with a plain map under any changes`, { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 25 }), async (operations) => {
        const fixture = makeFixture();
        const run = new Run(await fixture.open());
        try {
          for (const one of operations) {
            await run.carryOut(one, fixture);
            await run.compare();
          }
        } finally {
          await run.marks.close();
        }
      }),
      { numRuns: 40 },
    );
  });
}

/** Marks and the plain map beside them. */
class Run {
  marks: Marks;
  readonly #rows = new Map<string, Row>();
  /** The highest generation that a key ever had. */
  readonly #used = new Map<string, number>();
  #nowMs = 1000;
  #names = 0;

  constructor(marks: Marks) {
    this.marks = marks;
  }

  async carryOut(one: Operation, fixture: MarksFixture): Promise<void> {
    this.#nowMs += 10;
    if (one.type === 'change') return await this.#change(one.changes);
    if (one.type === 'review') return await this.#review(one);
    await this.marks.close();
    this.marks = await fixture.open();
  }

  async compare(): Promise<void> {
    for (const name of keys) {
      const row = this.#rows.get(name);
      const { mark, intents } = await this.marks.record(name);
      expect(intents).toEqual(row?.record.intents ?? []);
      if (row) expect(mark).toEqual(row.record.mark);
      else expect(mark).toMatchObject({ below: 'open', shown: 'unset' });
      expect(mark.generation).toBeGreaterThanOrEqual(this.#used.get(name) ?? 0);
      const { generation: _, ...shown } = await this.marks.get(name);
      expect(mark).toMatchObject(shown);
    }
    const open = [...this.#rows].filter(([, { record }]) => record.intents.length > 0);
    expect([...(await this.marks.unsettled())].sort()).toEqual(open.map(([name]) => name).sort());
    expect(await this.marks.openIntents()).toBe(open.reduce((sum, [, { record }]) => sum + record.intents.length, 0));
    const since = open.map(([, { changedMs }]) => changedMs);
    expect(await this.marks.oldestIntentMs()).toBe(since.length === 0 ? undefined : Math.min(...since));
    expect(await this.marks.droppable(this.#nowMs, 9)).toEqual(this.#droppable());
    expect(await this.marks.droppable(this.#nowMs - 20, 1)).toEqual(this.#droppable(this.#nowMs - 20).slice(0, 1));
  }

  async #change(changes: readonly Change[]): Promise<void> {
    const named = new Map(changes.map((one) => [one.key, { ...one, name: `intent ${this.#names++}` }]));
    const apply = (record: MarkRecord, name: string): MarkRecord => {
      const { facts, kind, dropped, name: id } = named.get(name)!;
      const { mark, intents } = decided(record, facts);
      const left = intents.slice(dropped);
      const begun = kind && intentOf(id, { kind, generation: mark.generation, before: record.mark });
      return { mark, intents: begun ? [...left, plain(begun)] : left };
    };
    const after = await this.marks.update([...named.keys()], apply, this.#nowMs);
    for (const name of named.keys()) {
      const record = after.get(name)!;
      const before = this.#rows.get(name)?.record;
      if (before) expect(record).toEqual(apply(before, name));
      else expect(record.mark.generation).toBeGreaterThan(this.#used.get(name) ?? 0);
      this.#used.set(name, record.mark.generation);
      this.#rows.set(name, { record, changedMs: this.#nowMs, kept: false });
    }
  }

  async #review({ key: name, verdict, behind }: Extract<Operation, { type: 'review' }>): Promise<void> {
    const row = this.#rows.get(name);
    const generation = (row?.record.mark.generation ?? 1) - behind;
    await this.marks.review([{ key: name, generation, verdict }], this.#nowMs);
    if (!row || behind > 0 || row.record.intents.length > 0) return;
    if (verdict === 'nowhere') this.#rows.delete(name);
    else if (verdict === 'below') row.kept = true;
    else row.changedMs = this.#nowMs;
  }

  #droppable(beforeMs = this.#nowMs) {
    return [...this.#rows]
      .filter(([, { record, kept, changedMs }]) => {
        const { below, shown } = record.mark;
        const settled = record.intents.length === 0 && !kept && changedMs <= beforeMs;
        return settled && shown !== 'private' && !(below === 'open' && shown === 'public');
      })
      .sort(([a, one], [b, other]) => one.changedMs - other.changedMs || (a < b ? -1 : 1))
      .map(([name, { record }]) => ({ key: name, generation: record.mark.generation }));
  }
}

/** With what an intent keeps of the facts before it. */
function plain({ before: { below, shown }, ...rest }: Intent): Intent {
  return { ...rest, before: { below, shown } };
}
