import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { request } from 'undici';
import { mastodonKey, writeMedia } from '../test/support/media-files.ts';
import { isolated } from './isolation.ts';
import { type Ask, p95Ms } from './load.ts';
import { median, spread } from './median.ts';
import { beginOrExit } from './needs.ts';
import { type Media, placeMedia, setStage } from './stage.ts';
import { scanWithUpstairs, startUpstairs, type UpstairsServer } from './upstairs.ts';
import { wholeNumber } from './whole-number.ts';

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly pages: number;
  readonly readers: number;
  readonly files: number;
}

/** A move under way, of some copies a second: the pages have something to tell. */
const config = {
  backfill: { enabled: true, scanEvery: 'off', listEvery: 'off' },
  copy: { pace: { requests: '5/s' } },
};

const options = new Command('npm run bench:pages --')
  .description(
    'Measures what open status pages cost readers: p95 of cache hits with pages open and with none, in turn.',
  )
  .option('--rounds <count>', 'how often each has its turn', wholeNumber, 9)
  .option('--seconds <count>', 'how long a turn takes', wholeNumber, 5)
  .option('--pages <count>', 'how many pages are open', wholeNumber, 10)
  .option('--readers <count>', 'how many readers ask at once', wholeNumber, 8)
  .option('--files <count>', 'how many files are still below', wholeNumber, 20_000)
  .allowExcessArguments(false)
  .parse()
  .opts<Options>();

beginOrExit();
console.log(await bench(options));

async function bench({ rounds, seconds, pages, readers, files }: Options): Promise<string> {
  await using stage = await setStage(isolated(), undefined);
  const media = await placeMedia(stage);
  for (let n = 0; n < files; n++) await writeMedia(media.root, mastodonKey(100_000 + n, 'jpg'), `a small picture ${n}`);
  await scanWithUpstairs(stage, media, config);
  await using upstairs = await startUpstairs(stage, media, config);
  const asks: readonly Ask[] = media.pictures;
  await warmUp(upstairs, media, seconds, readers);
  const results = { none: [] as number[], open: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    // Who is first has no advantage.
    for (const turn of round % 2 === 0 ? (['none', 'open'] as const) : (['open', 'none'] as const)) {
      await using _ = await openPages(upstairs, turn === 'open' ? pages : 0);
      results[turn].push(await p95Ms(upstairs, asks, seconds, readers));
    }
  }
  const { drain } = (await (await fetch(`${upstairs.adminUrl}/api/backfill`)).json()) as { drain: { state: string } };
  if (drain.state !== 'copying')
    throw new Error(`the move should still be under way, but it is ${drain.state}: more --files`);
  const [none, open] = [median(results.none), median(results.open)];
  return `p95 of 20 kB from the edge cache, ${readers} readers, median of ${rounds} turns of ${seconds} s each, during a move:
no page open      ${none.toFixed(2)} ms (± ${(spread(results.none) * 100).toFixed(0)} %)
${pages} pages open     ${open.toFixed(2)} ms (± ${(spread(results.open) * 100).toFixed(0)} %)
open / none       ${(open / none).toFixed(3)}`;
}

/** Fills the cache and compiles code, the page's too. */
async function warmUp(upstairs: UpstairsServer, media: Media, seconds: number, readers: number): Promise<void> {
  for (const { key } of media.pictures)
    await (await request(`${upstairs.url}/${key}`, { headers: { host: 'files.test' } })).body.dump();
  await using _ = await openPages(upstairs, 2);
  await p95Ms(upstairs, media.pictures, seconds, readers);
}

/** Pages as browsers have them open: each its connection for events, and beside it one request for the status a second. */
async function openPages({ adminUrl }: UpstairsServer, count: number): Promise<AsyncDisposable> {
  const closed = new AbortController();
  const pages = Array.from({ length: count }, async () => {
    const { body, statusCode } = await request(`${adminUrl}/events`, { signal: closed.signal });
    if (statusCode !== 200) throw new Error(`a page could not be opened: ${statusCode}`);
    body.on('error', () => undefined);
    await once(body, 'data');
    body.resume();
  });
  await Promise.all(pages);
  const asking = Array.from({ length: count }, async () => {
    while (!closed.signal.aborted) {
      await (await fetch(`${adminUrl}/api/status`)).arrayBuffer();
      await sleep(1000, undefined, { signal: closed.signal }).catch(() => undefined);
    }
  });
  return {
    async [Symbol.asyncDispose]() {
      closed.abort();
      await Promise.all(asking);
    },
  };
}
