import type { Latency } from '../lib/service-times.ts';
import { ServiceTimes } from '../lib/service-times.ts';
import { type DiskOptions, DiskSource } from './disk.ts';
import { DiskGate } from './disk-gate.ts';
import { DiskAbsentError, type DiskLink, lookAtDisk, type SeenDirectory } from './disk-look.ts';
import type { LocalDisk } from './local-disk.ts';
import { type SourceAnswer, SourceReadError, type Wanted } from './source.ts';

export interface AwaitedDiskOptions extends DiskOptions {
  /** Symlinks below the root that must be as declared. */
  readonly links: readonly DiskLink[];
  /** Where it is noted what operations take, if that is shared with others. */
  readonly times?: ServiceTimes;
  /** Why the directory with this real path must not be used, if so. */
  readonly refusal: (path: string) => string | undefined;
}

/**
 * A directory of media that may not be there yet: until a look finds it, it is unavailable. What is first found there, not empty, counts as
 * the disk for good, by device and inode: so the mount point below it must be empty.
 */
export class AwaitedDisk implements LocalDisk {
  readonly name: string;
  readonly #options: AwaitedDiskOptions;
  readonly #times: ServiceTimes;
  readonly #gate: DiskGate;
  #disk: DiskSource | undefined;
  #why = 'was not looked at yet';
  #timer: NodeJS.Timeout | undefined;
  /** Rises when what was found or looked for is no concern any more. */
  #turn = 0;
  #stopped = false;

  constructor(options: AwaitedDiskOptions) {
    this.name = options.name;
    this.#options = options;
    this.#times = options.times ?? new ServiceTimes();
    this.#gate = new DiskGate(options, this.#times);
  }

  get load(): { outstanding: number; stuck: number } {
    return this.#gate.load;
  }

  get readers(): number {
    return this.#gate.readers;
  }

  latency(withinMs: number): Latency {
    return this.#times.within(withinMs);
  }

  get hung(): boolean {
    return this.#gate.hung;
  }

  get absences(): readonly string[] {
    return this.#disk ? [] : [`${this.#options.root} ${this.#why}`];
  }

  async open(key: string, signal: AbortSignal, wanted?: Wanted): Promise<SourceAnswer> {
    signal.throwIfAborted();
    return (await this.#disk?.open(key, signal, wanted)) ?? { kind: 'unavailable', trouble: 'not-mounted' };
  }

  /** Looks whether it is there, within the deadline of one operation. A look that hangs keeps its place, so there is one at a time. */
  async look(): Promise<void> {
    if (this.#disk || this.#gate.load.outstanding > 0) return;
    const { root, links, deadlineMs } = this.#options;
    const turn = this.#turn;
    try {
      const seen = await this.#gate.lookup(() => lookAtDisk(root, links));
      if (turn === this.#turn) this.#found(seen);
    } catch (error) {
      if (error instanceof SourceReadError) this.#why = `does not answer within ${deadlineMs} ms`;
      else if (error instanceof DiskAbsentError) this.#why = error.message;
      else throw error;
    }
  }

  /** Looks again and again until it is there, and tells. Times in milliseconds. */
  watch(everyMs: number, appeared: () => void): void {
    if (this.#disk || this.#stopped) return;
    const turn = this.#turn;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      await this.look();
      if (turn !== this.#turn) return;
      if (this.#disk) appeared();
      else this.watch(everyMs, appeared);
    }, everyMs).unref();
  }

  /** It is not used, nor looked for, until the next `look`: it may be unmounted, and come back as another device. */
  rest(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    this.#disk = undefined;
    this.#why = 'is not in use';
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #found(seen: SeenDirectory): void {
    const refusal = this.#options.refusal(seen.path);
    if (refusal !== undefined) this.#why = refusal;
    else this.#disk = new DiskSource({ ...this.#options, root: seen.path }, seen, this.#gate);
  }
}
