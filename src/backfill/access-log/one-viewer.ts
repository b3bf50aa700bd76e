import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** A part that the same address asks for within this time of its last one belongs to the same view, in milliseconds. */
const pauseMs = 10 * 60_000;
const mostViewers = 50_000;

/**
 * Tells views from requests: a player fetches a video in dozens of parts, and that is one view. Addresses are kept in memory alone, hashed
 * with a salt of this process, and only so many.
 */
export class OneViewer {
  readonly #salt = randomBytes(16).toString('hex');
  readonly #lastMs = new LRUCache<string, number>({ max: mostViewers });

  /** Whether an answer with a part (206) begins a view. */
  begins(address: string, key: string, atMs: number): boolean {
    const viewer = hash('sha256', `${this.#salt}\0${address}\0${key}`, 'base64');
    const lastMs = this.#lastMs.get(viewer);
    this.#lastMs.set(viewer, Math.max(atMs, lastMs ?? atMs));
    return lastMs === undefined || atMs - lastMs > pauseMs;
  }
}
