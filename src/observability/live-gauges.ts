import { Gauge, type Registry } from 'prom-client';

/** A value, and what its labels are, in the order of their names. */
export type Reading = readonly [value: number, ...labels: string[]];

interface Defined {
  readonly name: string;
  readonly gauge: Gauge;
  readonly labelled: boolean;
  readonly readings: (seen: never) => Iterable<Reading>;
}

/** Several gauges that come of one look. */
interface Group {
  readonly name: string;
  readonly look: () => unknown;
  readonly gauges: Defined[];
  underWay: { readonly since: number; readonly seen: Promise<void> } | undefined;
}

/** Adds a gauge to a group. `unit` and meaning are in the help. */
export type Define<T> = (
  name: string,
  help: string,
  labelNames: readonly string[],
  readings: (seen: T) => Iterable<Reading>,
) => Define<T>;

export interface LiveGaugesOptions {
  readonly registry: Registry;
  /** How long a look may take, in milliseconds. */
  readonly deadlineMs: number;
  readonly now?: () => number;
}

/**
 * Gauges that are read when somebody asks for them. prom-client would do that in `collect`, where one that throws takes the whole page with
 * it, and one that hangs the scrape. Here a look that fails, or is late, leaves out its own gauges. A look that hangs is not begun again
 * before it has come back: it costs one promise, however often it is asked for.
 */
export class LiveGauges {
  readonly #options: LiveGaugesOptions;
  readonly #groups: Group[] = [];

  constructor(options: LiveGaugesOptions) {
    this.#options = options;
  }

  /** Names of the looks: a closed set. */
  get looks(): readonly string[] {
    return this.#groups.map(({ name }) => name);
  }

  /** One look for all the gauges that are then defined with what is returned. */
  group<T>(name: string, look: () => T | Promise<T>): Define<T> {
    const group: Group = { name, look, gauges: [], underWay: undefined };
    this.#groups.push(group);
    const define: Define<T> = (metric, help, labelNames, readings) => {
      const name = `upstairs_${metric}`;
      const gauge = new Gauge({ name, help, labelNames, registers: [this.#options.registry] });
      group.gauges.push({ name, gauge, labelled: labelNames.length > 0, readings });
      return define;
    };
    return define;
  }

  /** Looks anew. Returns the names of the metrics whose look failed or was late; `failed` is told of each look. Never rejects. */
  async look(failed: (look: string, error: unknown) => void): Promise<ReadonlySet<string>> {
    const without = new Set<string>();
    const looked = this.#groups.map(async (group) => {
      try {
        await this.#inTime(group);
      } catch (error) {
        for (const { name } of group.gauges) without.add(name);
        failed(group.name, error);
      }
    });
    await Promise.all(looked);
    return without;
  }

  async #inTime(group: Group): Promise<void> {
    const { deadlineMs, now = () => performance.now() } = this.#options;
    group.underWay ??= { since: now(), seen: this.#seen(group) };
    const { since, seen } = group.underWay;
    const late = Promise.withResolvers<never>();
    const leftMs = since + deadlineMs - now();
    const timer = setTimeout(() => late.reject(new Error(`no answer within ${deadlineMs} ms`)), Math.max(0, leftMs));
    try {
      await Promise.race([seen, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #seen(group: Group): Promise<void> {
    try {
      // Also where it throws at once.
      const seen = (await (async () => await group.look())()) as never;
      for (const gauge of group.gauges) set(gauge, [...gauge.readings(seen)]);
    } finally {
      group.underWay = undefined;
    }
  }
}

/** What was read before is gone, also where nothing comes in its place. */
function set({ gauge, labelled }: Defined, readings: readonly Reading[]): void {
  gauge.reset();
  // Of a gauge without labels prom-client would go on to show a 0 that nobody has read.
  if (!labelled) gauge.remove();
  for (const [value, ...labels] of readings) gauge.labels(...labels).set(value);
}
