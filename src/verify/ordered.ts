/**
 * Works on so many at once, and gives the results in the order of what came in. The first error ends it, after what is under way has ended.
 */
export async function* ordered<T, R>(
  items: AsyncIterable<T>,
  atOnce: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const under: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const result = work(item);
      // Whoever takes it is told; until then nobody looks at it.
      result.catch(() => undefined);
      under.push(result);
      if (under.length >= atOnce) yield await (under.shift() as Promise<R>);
    }
    while (under.length > 0) yield await (under.shift() as Promise<R>);
  } finally {
    await Promise.allSettled(under);
  }
}
