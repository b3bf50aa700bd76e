import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Calls `fn` again and again until it neither throws nor answers false, and returns its answer.
 * After `withinMs` it throws what `fn` threw last.
 */
export async function eventually<T>(
  fn: () => T | Promise<T>,
  { withinMs = 5000, everyMs = 25 }: { withinMs?: number; everyMs?: number } = {},
): Promise<Exclude<T, false>> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    let failure: unknown;
    try {
      const answer = await fn();
      if (answer !== false) return answer as Exclude<T, false>;
    } catch (error) {
      failure = error;
    }
    if (Date.now() >= deadline) throw failure ?? new Error(`still false after ${withinMs} ms`);
    await sleep(everyMs);
  }
}
