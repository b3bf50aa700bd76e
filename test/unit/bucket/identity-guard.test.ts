import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { IdentityState } from '../../../src/bucket/identity.ts';
import { IdentityGuard } from '../../../src/bucket/identity-guard.ts';

describe('the guard of the bucket identity', () => {
  let checks: PromiseWithResolvers<IdentityState>[];
  let changes: IdentityState[];
  let most: number;
  let guard: IdentityGuard;

  beforeEach(() => {
    vi.useFakeTimers();
    checks = [];
    changes = [];
    most = 0;
    let running = 0;
    guard = new IdentityGuard(
      async () => {
        running += 1;
        most = Math.max(most, running);
        const check = Promise.withResolvers<IdentityState>();
        checks.push(check);
        try {
          return await check.promise;
        } finally {
          running -= 1;
        }
      },
      (state) => changes.push(state),
    );
  });
  afterEach(() => {
    guard.stop();
    vi.useRealTimers();
  });

  const answer = async (n: number, state: IdentityState) => {
    checks[n]?.resolve(state);
    await vi.advanceTimersByTimeAsync(0);
  };

  test('knows nothing and trusts nothing before its first check', () => {
    expect(guard.state).toBe('unknown');
    expect(guard.trusted).toBe(false);
  });

  test('tells of each change once', async () => {
    for (const [n, state] of (['ours', 'ours', 'absent', 'ours'] as const).entries()) {
      const asked = guard.confirm();
      await answer(n, state);
      expect(await asked).toBe(state);
    }
    expect(changes).toEqual(['ours', 'absent', 'ours']);
  });

  test('never answers with a check that had begun before the question', async () => {
    const first = guard.confirm();
    const second = guard.confirm();
    await answer(0, 'ours');
    expect(await first).toBe('ours');
    expect(checks.length).toBe(2);
    await answer(1, 'absent');
    expect(await second).toBe('absent');
  });

  test('lets a flood of questions share one check', async () => {
    const first = guard.confirm();
    const flood = Array.from({ length: 1000 }, () => guard.confirm());
    await answer(0, 'ours');
    await first;
    await answer(1, 'ours');
    expect(new Set(await Promise.all(flood))).toEqual(new Set(['ours']));
    expect(checks.length).toBe(2);
  });

  test('has no more than one check under way, also when who was answered asks again at once', async () => {
    const again = guard.confirm().then(() => guard.confirm());
    const waiting = guard.confirm();
    for (let n = 0; n < 4; n++) await answer(n, 'ours');
    await Promise.all([again, waiting]);
    expect(most).toBe(1);
  });

  test('goes on trusting the bucket through an outage, and not through another answer', async () => {
    const states: [IdentityState, boolean][] = [
      ['ours', true],
      ['unknown', true],
      ['absent', false],
      ['unknown', false],
      ['ours', true],
      ['other', false],
    ];
    for (const [n, [state, trusted]] of states.entries()) {
      void guard.confirm();
      await answer(n, state);
      expect([guard.state, guard.trusted]).toEqual([state, trusted]);
    }
  });

  test('checks at the configured times while all is well', async () => {
    guard.watch(30_000);
    void guard.confirm();
    await answer(0, 'ours');
    await vi.advanceTimersByTimeAsync(29_999);
    expect(checks.length).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(checks.length).toBe(2);
  });

  test('checks every two seconds while the bucket is not known to be ours', async () => {
    guard.watch(30_000);
    for (let n = 0; n < 5; n++) {
      await vi.advanceTimersByTimeAsync(2000);
      expect(checks.length).toBe(n + 1);
      await answer(n, 'unknown');
    }
  });

  test('checks no more after it was stopped, also when it is stopped in the middle of a check', async () => {
    guard.watch(1000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(checks.length).toBe(1);
    guard.stop();
    await answer(0, 'ours');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(checks.length).toBe(1);
  });
});
