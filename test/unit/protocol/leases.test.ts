import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Leases, type LetGo } from '../../../src/protocol/leases.ts';

let leases: Leases;
beforeEach(() => {
  vi.useFakeTimers();
  leases = new Leases();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** Who asked for the lease of "a", and what came of it so far. */
function asking(waitMs: number, cancel?: () => void) {
  const asked: { letGo?: LetGo | undefined; answered: boolean } = { answered: false };
  void leases.acquire('a', cancel ? { cancel } : {}, waitMs).then((letGo) => {
    asked.answered = true;
    asked.letGo = letGo;
  });
  return asked;
}

const passMs = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('a lease', () => {
  test('is held by one at a time', () => {
    const letGo = leases.take('a', {});
    expect(letGo).toBeDefined();
    expect(leases.take('a', {})).toBeUndefined();
    expect(leases.taken('a')).toBe(true);
    letGo?.();
    expect(leases.taken('a')).toBe(false);
    expect(leases.take('a', {})).toBeDefined();
  });

  test('of one key does not hold up another', () => {
    leases.take('a', {});
    expect(leases.take('b', {})).toBeDefined();
  });

  test('that was let go twice does not free the next holder', () => {
    const letGo = leases.take('a', {});
    letGo?.();
    leases.take('a', {});
    letGo?.();
    expect(leases.taken('a')).toBe(true);
  });
});

describe('who waits for a lease', () => {
  test('has it at once when it is free', async () => {
    const asked = asking(3000);
    await passMs(0);
    expect(asked.letGo).toBeDefined();
    expect(leases.take('a', {})).toBeUndefined();
  });

  test('has it as soon as it is let go', async () => {
    const letGo = leases.take('a', {});
    const asked = asking(3000);
    await passMs(2999);
    expect(asked.answered).toBe(false);
    letGo?.();
    await passMs(0);
    expect(asked.letGo).toBeDefined();
    expect(leases.taken('a')).toBe(true);
    asked.letGo?.();
    expect(leases.taken('a')).toBe(false);
  });

  test('cancels a copy that holds it', async () => {
    let letGo: LetGo | undefined;
    const cancel = vi.fn(() => queueMicrotask(() => letGo?.()));
    letGo = leases.take('a', { cancel });
    const asked = asking(3000);
    await passMs(0);
    expect(cancel).toHaveBeenCalledTimes(1);
    expect(asked.letGo).toBeDefined();
  });

  test('waits for what cannot be cancelled, and gives up after its time', async () => {
    const letGo = leases.take('a', {});
    const asked = asking(3000);
    await passMs(3000);
    expect(asked).toEqual({ answered: true, letGo: undefined });
    letGo?.();
    expect(leases.taken('a')).toBe(false);
  });

  test('and has no time asks once', async () => {
    leases.take('a', {});
    const asked = asking(0);
    await passMs(1);
    expect(asked).toEqual({ answered: true, letGo: undefined });
  });

  test('comes in the order of asking', async () => {
    const letGo = leases.take('a', {});
    const [first, second, third] = [asking(3000), asking(3000), asking(3000)];
    letGo?.();
    for (const [asked, next] of [
      [first, second],
      [second, third],
    ] as const) {
      await passMs(0);
      expect(asked.letGo).toBeDefined();
      expect(next.answered).toBe(false);
      asked.letGo?.();
    }
    await passMs(0);
    third.letGo?.();
    expect(leases.taken('a')).toBe(false);
  });

  test('comes before anybody who only tries', async () => {
    const letGo = leases.take('a', {});
    const asked = asking(3000);
    letGo?.();
    expect(leases.take('a', {})).toBeUndefined();
    await passMs(0);
    expect(asked.letGo).toBeDefined();
  });

  test('and has given up holds up nobody behind', async () => {
    const letGo = leases.take('a', {});
    const [first, second] = [asking(100), asking(3000)];
    await passMs(100);
    expect(first).toEqual({ answered: true, letGo: undefined });
    letGo?.();
    await passMs(0);
    expect(second.letGo).toBeDefined();
  });

  test('when others have it before is given it only once it is let go', async () => {
    const letGo = leases.take('a', {});
    asking(3000);
    letGo?.();
    const late = asking(100);
    await passMs(100);
    expect(late).toEqual({ answered: true, letGo: undefined });
  });

  test('for one key is not given another', async () => {
    leases.take('a', {});
    const letGo = leases.take('b', {});
    const asked = asking(100);
    letGo?.();
    await passMs(0);
    expect(asked.answered).toBe(false);
    await passMs(100);
  });
});

describe('who records without the lease', () => {
  test('tells whoever holds it, copy or reconcile', () => {
    const disturb = vi.fn();
    leases.take('a', { disturb });
    leases.disturb('a');
    leases.disturb('b');
    expect(disturb).toHaveBeenCalledTimes(1);
  });

  test('tells who has it now, not who had it or who waits for it', async () => {
    const [had, has, waits] = [vi.fn(), vi.fn(), vi.fn()];
    const letGo = leases.take('a', { disturb: had });
    void leases.acquire('a', { disturb: has }, 3000);
    void leases.acquire('a', { disturb: waits }, 100);
    letGo?.();
    leases.disturb('a');
    expect([had, has, waits].map((told) => told.mock.calls.length)).toEqual([0, 1, 0]);
    await passMs(100);
  });

  test('does not take it away, and disturbs nobody when it is free', () => {
    leases.disturb('a');
    leases.take('a', {});
    leases.disturb('a');
    expect(leases.taken('a')).toBe(true);
  });
});

test('whoever takes, waits, gives up and lets go: one holder at a time, in order, and all free at the end', async () => {
  const moves = fc.array(fc.constantFrom('take', 'wait', 'wait briefly', 'let go', 'let go twice', 'time passes'), {
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(moves, async (all) => {
      leases = new Leases();
      let holding: { letGo: LetGo; n: number }[] = [];
      const turns: number[] = [];
      const took = (n: number) => (letGo: LetGo | undefined) => {
        if (!letGo) return;
        holding.push({ letGo, n });
        turns.push(n);
        expect(holding.length).toBe(1);
      };
      for (const [n, move] of all.entries()) {
        if (move === 'take') took(-1)(leases.take('a', {}));
        else if (move === 'wait') void leases.acquire('a', {}, 1e6).then(took(n));
        else if (move === 'wait briefly') void leases.acquire('a', {}, 10).then(took(n));
        else if (move === 'time passes') await passMs(10);
        else {
          const letGo = holding.pop()?.letGo;
          letGo?.();
          if (move === 'let go twice') letGo?.();
        }
        await passMs(0);
      }
      while (holding.length > 0) {
        const last = holding;
        holding = [];
        for (const { letGo } of last) letGo();
        await passMs(0);
      }
      expect(leases.taken('a')).toBe(false);
      const waited = turns.filter((n) => n >= 0);
      expect(waited).toEqual([...waited].sort((a, b) => a - b));
    }),
  );
});
