/** Nothing that is wrapped with a purpose lies deeper; causes may go in a circle. */
const deepest = 16;

/** An error, what caused it, and so on inwards; of several that failed together, the first. */
export function* causesOf(error: unknown): Generator<object> {
  let at = error;
  for (let depth = 0; depth < deepest && typeof at === 'object' && at !== null; depth++) {
    yield at;
    const { errors, cause } = at as { errors?: unknown[]; cause?: unknown };
    at = errors?.[0] ?? cause;
  }
}
