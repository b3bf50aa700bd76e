import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Verification } from '../../../src/ledger/proof.ts';
import { type UnplugCode, type UnplugFacts, unplug } from '../../../src/status/unplug.ts';

const hourMs = 3_600_000;
const nowMs = 1_800_000_000_000;
const verification: Verification = {
  beganMs: nowMs - 2 * hourMs,
  endedMs: nowMs - hourMs,
  mode: 'recorded',
  percent: 0,
  sources: ['basement'],
  clean: true,
  counts: { equal: 7, onlyBelow: 0, onlyAbove: 0, different: 0, error: 0, excepted: 0 },
  stateHash: 'ab',
};
/** Nothing speaks against it. */
const proven: UnplugFacts = {
  source: 'basement',
  nowMs,
  phase: 'move',
  retiredMs: undefined,
  windowMs: 72 * hourMs,
  proofMs: 168 * hourMs,
  verification,
  use: { watchedMs: nowMs - 100 * hourMs, lastMs: nowMs - 73 * hourMs, quietMs: 72 * hourMs },
  newsMs: verification.beganMs,
  wanted: 0,
  failedSince: 0,
  openAttempts: 0,
  openIntents: 0,
};

const use = (change: Partial<NonNullable<UnplugFacts['use']>>) => ({
  use: { watchedMs: nowMs - 100 * hourMs, lastMs: undefined, quietMs: 80 * hourMs, ...change },
});

/** What speaks against it, each with facts in which it does and nothing else. */
const against: Record<UnplugCode, Partial<UnplugFacts>[]> = {
  phase: [{ phase: 'front' }],
  'not-verified': [{ verification: undefined }],
  'not-clean': [
    { verification: { ...verification, clean: false } },
    { verification: { ...verification, clean: false, counts: { ...verification.counts, onlyBelow: 1 } } },
  ],
  'verified-long-ago': [
    { verification: { ...verification, beganMs: nowMs - 168 * hourMs - 1 }, newsMs: undefined },
    // The clock was set back.
    { verification: { ...verification, beganMs: nowMs + hourMs }, newsMs: undefined },
  ],
  'scanned-since': [
    { verification, newsMs: verification.beganMs + 1 },
    // The clock was set back after the verification: what is new is from before it.
    { verification: { ...verification, newsMs: { basement: nowMs - 5 * hourMs } }, newsMs: nowMs - 4 * hourMs },
    // What scans found was lost.
    { verification: { ...verification, newsMs: { basement: nowMs - 5 * hourMs } }, newsMs: undefined },
  ],
  'failed-since': [{ failedSince: 1 }],
  'copies-wanted': [{ wanted: 1 }],
  'attempts-open': [{ openAttempts: 2 }],
  'intents-open': [{ openIntents: 1 }],
  'not-watched': [{ use: undefined }],
  'needed-lately': [
    use({ lastMs: nowMs - 72 * hourMs + 1, quietMs: 0 }),
    use({ lastMs: nowMs, quietMs: 80 * hourMs }),
    // The clock was set back.
    use({ lastMs: nowMs + hourMs }),
  ],
  'watched-too-short': [use({ quietMs: 72 * hourMs - 1 }), use({ lastMs: nowMs - 500 * hourMs, quietMs: hourMs })],
};
const single = Object.entries(against).flatMap(([code, all]) => all.map((facts) => [code, facts] as const));

describe('a source may be unplugged', () => {
  test('if nothing speaks against it', () => {
    expect(unplug(proven)).toEqual({ safe: true, reasons: [] });
    expect(unplug({ ...proven, ...use({}), newsMs: undefined }).safe).toBe(true);
    const knew = { ...verification, newsMs: { basement: nowMs - 5 * hourMs } };
    expect(unplug({ ...proven, verification: knew, newsMs: nowMs - 5 * hourMs }).safe).toBe(true);
  });

  test.each(single)('not when this speaks against it: %s', (code, facts) => {
    const { safe, reasons } = unplug({ ...proven, ...facts });
    expect([safe, reasons.map((reason) => reason.code)]).toEqual([false, [code]]);
    for (const { why, todo } of reasons) expect(why.length * todo.length).toBeGreaterThan(0);
  });

  test('only if every one of the reasons against it is absent, and all that there are are told', () => {
    const verdicts = fc.uniqueArray(fc.constantFrom(...single), { selector: ([code]) => code });
    fc.assert(
      fc.property(verdicts, (chosen) => {
        // Facts of these kinds exclude each other: the last one chosen of each is in force.
        const facts: UnplugFacts = Object.assign({ ...proven }, ...chosen.map(([, change]) => change));
        const expected = chosen
          .filter(([, change]) =>
            Object.entries(change).every(([name, value]) => facts[name as keyof UnplugFacts] === value),
          )
          .map(([code]) => code)
          // Without a verification nothing is since it.
          .filter((code) => facts.verification !== undefined || !['scanned-since', 'failed-since'].includes(code));
        const { safe, reasons } = unplug(facts);
        const codes = reasons.map((reason) => reason.code);
        expect(safe).toBe(reasons.length === 0);
        for (const code of expected) expect(codes).toContain(code);
        if (chosen.length === 0) expect(safe).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('whatever comes up afterwards, once it is retired: it is not used for that', () => {
    expect(unplug({ ...proven, retiredMs: nowMs, wanted: 5, verification: undefined })).toEqual({
      safe: true,
      reasons: [],
    });
  });

  test('and what was given up before the verification was verified as it is', () => {
    expect(unplug({ ...proven, newsMs: verification.beganMs - 1 }).safe).toBe(true);
  });
});
