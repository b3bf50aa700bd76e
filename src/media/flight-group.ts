/** Calls of the same name that share one execution (single flight). */
export class FlightGroup<T> {
  readonly #flights = new Map<string, Promise<T>>();

  /**
   * Runs `work`, or waits for the run under way. `keep` holds the result until everybody who shares it has had a turn to hold it
   * themselves; it returns how to let go. `leader` is true for the one call that ran it.
   */
  async join(
    key: string,
    work: () => Promise<T>,
    keep: (value: T) => (() => void) | undefined,
  ): Promise<{ value: T; leader: boolean }> {
    const flying = this.#flights.get(key);
    if (flying) return { value: await flying, leader: false };
    const flight = work().then((value) => {
      const letGo = keep(value);
      if (letGo) setImmediate(letGo);
      return value;
    });
    this.#flights.set(key, flight);
    try {
      return { value: await flight, leader: true };
    } finally {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    }
  }

  /** A run is under way that could be joined. */
  has(key: string): boolean {
    return this.#flights.has(key);
  }

  /** Who comes from now on does not join the run under way. */
  part(key: string): void {
    this.#flights.delete(key);
  }
}
