import type { Views } from '../../ledger/heat.ts';

/** Views by key, until they are written down. Of a key the newest time counts: what is gathered at once lies minutes apart. */
export class GatheredViews {
  #byKey = new Map<string, { views: number; atMs: number }>();

  get size(): number {
    return this.#byKey.size;
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  add(key: string, atMs: number, views = 1): void {
    const known = this.#byKey.get(key);
    if (!known) this.#byKey.set(key, { views, atMs });
    else {
      known.views += views;
      known.atMs = Math.max(known.atMs, atMs);
    }
  }

  /** So many of them, the first that came; they are not here any more. */
  take(limit: number): Views[] {
    const taken: Views[] = [];
    for (const [key, { views, atMs }] of this.#byKey) {
      if (taken.length >= limit) break;
      taken.push({ key, views, atMs });
      this.#byKey.delete(key);
    }
    return taken;
  }
}
