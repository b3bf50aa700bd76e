/** What was acquired, let go in reverse order. */
export class Teardown {
  readonly #steps: { name: string; release: () => unknown }[] = [];
  #done: Promise<void> | undefined;
  readonly #failed: (name: string, error: unknown) => void;

  constructor(failed: (name: string, error: unknown) => void) {
    this.#failed = failed;
  }

  add(name: string, release: () => unknown): void {
    this.#steps.push({ name, release });
  }

  /** Runs every step once, also when one fails; later calls share the first one's promise. */
  run(): Promise<void> {
    this.#done ??= this.#run();
    return this.#done;
  }

  async #run(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step.release();
      } catch (error) {
        this.#failed(step.name, error);
      }
    }
  }
}
