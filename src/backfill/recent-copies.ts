/** What was copied, and how fast. */
export interface Rate {
  readonly filesPerSecond: number;
  readonly bytesPerSecond: number;
}

const slotMs = 5000;
const slots = 120;

/** What was copied lately, in slots of some seconds: ten minutes are kept. */
export class RecentCopies {
  readonly #now: () => number;
  readonly #files = new Float64Array(slots);
  readonly #bytes = new Float64Array(slots);
  readonly #sinceMs: number;
  #slot: number;
  #total = { files: 0, bytes: 0 };

  constructor(now: () => number) {
    this.#now = now;
    this.#sinceMs = now();
    this.#slot = Math.floor(this.#sinceMs / slotMs);
  }

  get total(): { readonly files: number; readonly bytes: number } {
    return this.#total;
  }

  add(bytes: number): void {
    this.#turn();
    const at = this.#slot % slots;
    this.#files[at] = (this.#files[at] ?? 0) + 1;
    this.#bytes[at] = (this.#bytes[at] ?? 0) + bytes;
    this.#total = { files: this.#total.files + 1, bytes: this.#total.bytes + bytes };
  }

  /** Over the last so many milliseconds, at most ten minutes, or since the beginning if that is shorter. */
  rate(overMs: number): Rate {
    this.#turn();
    const now = this.#now();
    const count = Math.min(slots, Math.max(1, Math.round(overMs / slotMs)));
    let files = 0;
    let bytes = 0;
    for (let back = 0; back < count; back++) {
      const at = (this.#slot - back + slots * 2) % slots;
      files += this.#files[at] ?? 0;
      bytes += this.#bytes[at] ?? 0;
    }
    const spanMs = (count - 1) * slotMs + (now % slotMs);
    const seconds = Math.max(1, Math.min(spanMs, now - this.#sinceMs) / 1000);
    return { filesPerSecond: files / seconds, bytesPerSecond: bytes / seconds };
  }

  /** Empties the slots that time has passed over. */
  #turn(): void {
    const slot = Math.floor(this.#now() / slotMs);
    for (let passed = Math.max(this.#slot + 1, slot - slots + 1); passed <= slot; passed++) {
      this.#files[passed % slots] = 0;
      this.#bytes[passed % slots] = 0;
    }
    this.#slot = Math.max(this.#slot, slot);
  }
}
