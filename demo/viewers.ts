import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { seededNumbers } from './media/seeded.ts';
import { type MediaFile, urlPath } from './media-tree.ts';
import { type Tally, tierOf } from './tally.ts';

/** How many people look at once, each over at most one connection. */
export const viewerCount = 16;
/** How long one looks at a picture before the next, in milliseconds, on average. */
const lookMs = 350;
/** A player asks for so much of a video at once. */
const videoChunkBytes = 512 * 1024;

/** People before their browsers, who ask for some files much more often than for others. */
export class Viewers {
  readonly #pool: Pool;
  readonly #files: readonly MediaFile[];
  readonly #tally: Tally;
  readonly #asked = new Set<string>();

  constructor(readUrl: string, files: readonly MediaFile[], tally: Tally) {
    this.#pool = new Pool(readUrl, { connections: viewerCount });
    this.#files = files;
    this.#tally = tally;
  }

  /** Keys of files that were seen. */
  get asked(): ReadonlySet<string> {
    return this.#asked;
  }

  /** They look until the signal is aborted, which is no error. */
  async look(signal: AbortSignal): Promise<void> {
    const popular = byPopularity(this.#files);
    const look = async (_: unknown, viewer: number) => {
      const next = seededNumbers(1000 + viewer);
      const random = () => next() / 2 ** 32;
      for (; !signal.aborted; await pause(2 * lookMs * random(), signal)) {
        const file = popular(random());
        await this.#get(file, file.key.endsWith('.mp4') ? chunk(file.size, random()) : undefined, signal);
      }
    };
    await Promise.all(Array.from({ length: viewerCount }, look));
  }

  /** Fetches every file that nobody has asked for yet. */
  async lookAtTheRest(signal: AbortSignal): Promise<void> {
    const rest = this.#files.filter(({ key }) => !this.#asked.has(key)).values();
    const fetchRest = async () => {
      for (const file of rest) await this.#get(file, undefined, signal);
    };
    await Promise.all(Array.from({ length: viewerCount }, fetchRest));
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  /** One request; its answer, whatever it is, goes into the tally. */
  async #get({ key }: MediaFile, range: string | undefined, signal: AbortSignal): Promise<void> {
    try {
      const headers = range === undefined ? {} : { range };
      const {
        statusCode,
        headers: told,
        body,
      } = await this.#pool.request({
        path: `/system/${urlPath(key)}`,
        method: 'GET',
        headers,
        signal,
      });
      // Undici checks that as many bytes come as Content-Length has announced.
      await body.dump({ limit: Number.POSITIVE_INFINITY, signal });
      if (statusCode !== (range === undefined ? 200 : 206)) return this.#tally.failed(`${statusCode} for ${key}`);
      this.#asked.add(key);
      this.#tally.answered(tierOf(String(told['cache-status'])));
    } catch (error) {
      if (!signal.aborted) this.#tally.failed(`${(error as Error).message} for ${key}`);
    }
  }
}

/** Zipf's law: the n-th most popular file is asked for 1/n as often as the first. Takes a random number in [0, 1). */
function byPopularity(files: readonly MediaFile[]): (random: number) => MediaFile {
  const ranked = shuffled(files);
  let sum = 0;
  const upTo = ranked.map((_, rank) => {
    sum += 1 / (rank + 1);
    return sum;
  });
  return (random) => ranked[upTo.findIndex((limit) => limit > random * sum)] ?? ranked[0]!;
}

function shuffled<T>(items: readonly T[]): T[] {
  const next = seededNumbers(2);
  const lots = items.map((item) => ({ item, lot: next() }));
  return lots.sort((a, b) => a.lot - b.lot).map(({ item }) => item);
}

/** A whole video as often as not; otherwise a part of it, as players ask. */
function chunk(size: number, random: number): string | undefined {
  if (random < 0.5 || size === 0) return undefined;
  const first = Math.floor((random - 0.5) * 2 * size);
  return `bytes=${first}-${Math.min(size, first + videoChunkBytes) - 1}`;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
