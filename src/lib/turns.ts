/**
 * So many places, and a queue before them: first come, first served. Who gives up waiting is out of the queue at once; with p-limit he stays
 * in it, and counts, until his turn comes.
 */
export class Turns {
  readonly #places: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(places: number) {
    this.#places = places;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether who comes now need not wait. */
  get free(): boolean {
    return this.#taken < this.#places;
  }

  /** Resolves to what gives the place back, which may be called twice. Rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (this.free) {
        this.#taken += 1;
        return resolve(this.#givingBack());
      }
      const leave = () => {
        this.#waiting.delete(begin);
        reject(signal.reason);
      };
      const begin = () => {
        signal.removeEventListener('abort', leave);
        resolve(this.#givingBack());
      };
      this.#waiting.add(begin);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** A place goes from hand to hand while anybody waits. */
  #givingBack(): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const [next] = this.#waiting;
      if (!next) {
        this.#taken -= 1;
        return;
      }
      this.#waiting.delete(next);
      next();
    };
  }
}
