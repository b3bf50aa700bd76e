/** What each key was said to be, or seen as. */
export type ByKey = Record<string, unknown>;

/** Asks about all keys at once. */
export async function byKey(keys: readonly string[], ask: (key: string) => Promise<unknown>): Promise<ByKey> {
  return Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await ask(key)])));
}

/** The same of each. */
export function all(keys: readonly string[], found: unknown): ByKey {
  return Object.fromEntries(keys.map((key) => [key, found]));
}
