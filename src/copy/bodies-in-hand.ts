import type { SourceBody } from '../media/body.ts';

interface InHand {
  readonly body: SourceBody;
  asks: number;
}

/** Further ones are let go: their copies read for themselves later. */
const maxBodies = 1000;

/** Bytes that readers brought along for copies that have not begun. Each holds room in the spool, so they go first. */
export class BodiesInHand {
  readonly #bodies = new Map<string, InHand>();

  get size(): number {
    return this.#bodies.size;
  }

  put(key: string, body: SourceBody): void {
    this.take(key)?.release();
    if (this.#bodies.size >= maxBodies) body.release();
    else this.#bodies.set(key, { body, asks: 1 });
  }

  asked(key: string): void {
    const known = this.#bodies.get(key);
    if (known) known.asks += 1;
  }

  take(key: string): SourceBody | undefined {
    const known = this.#bodies.get(key);
    this.#bodies.delete(key);
    return known?.body;
  }

  /** Keys, most asked-for first. */
  keys(): string[] {
    return [...this.#bodies].sort(([, a], [, b]) => b.asks - a.asks).map(([key]) => key);
  }

  clear(): void {
    for (const { body } of this.#bodies.values()) body.release();
    this.#bodies.clear();
  }
}
