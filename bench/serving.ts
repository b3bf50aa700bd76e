import { request } from 'undici';
import { type Ask, requestsPerCpuSecond } from './load.ts';
import { median, spread } from './median.ts';
import { startNginx } from './nginx.ts';
import type { Row } from './rows.ts';
import type { Server } from './server.ts';
import type { Media, Stage } from './stage.ts';
import { startUpstairs } from './upstairs.ts';

export interface Effort {
  readonly rounds: number;
  /** Of each round, for each side. */
  readonly seconds: number;
}

/** Requests per CPU second. */
export interface Served {
  readonly name: string;
  readonly upstairs: number;
  readonly nginx: number;
  /** The larger of the two sides' spreads. */
  readonly spread: number;
}

/** Measures one row: both servers run, one at a time is asked, in turn. */
export async function measureServing(stage: Stage, media: Media, row: Row, effort: Effort): Promise<Served> {
  await using upstairs = await startUpstairs(stage, media, { phase: 'front', ...row.config });
  await using nginx = await startNginx(stage, media, { cached: row.cached });
  const asks = row.asks(media);
  const results = { upstairs: [] as number[], nginx: [] as number[] };
  await warmUp(upstairs, nginx, asks, row.tier);
  for (let round = 0; round < effort.rounds; round++) {
    results.upstairs.push(await requestsPerCpuSecond(upstairs, asks, effort.seconds));
    results.nginx.push(await requestsPerCpuSecond(nginx, asks, effort.seconds));
  }
  return {
    name: row.name,
    upstairs: median(results.upstairs),
    nginx: median(results.nginx),
    spread: Math.max(spread(results.upstairs), spread(results.nginx)),
  };
}

/** Fills caches and compiles code; and makes sure that both sides answer the same bytes, and from where they should. */
async function warmUp(upstairs: Server, nginx: Server, asks: readonly Ask[], tier: string): Promise<void> {
  // Upstairs keeps what was asked for as a whole, nginx what was asked for at all.
  const wholes = [...new Set(asks.map(({ key }) => key))].map((key) => ({ key }));
  for (const ask of [...wholes, ...asks]) {
    const [ours, theirs] = [await get(upstairs, ask), await get(nginx, ask)];
    if (ours.status !== theirs.status || !ours.body.equals(theirs.body)) {
      throw new Error(`${ask.key}: upstairs (${ours.status}) and nginx (${theirs.status}) answered differently`);
    }
  }
  for (const server of [upstairs, nginx]) await requestsPerCpuSecond(server, asks, 3);
  const told = (await get(upstairs, asks[0]!)).cacheStatus;
  if (!told.endsWith(`detail=${tier}`)) throw new Error(`the answers should come from ${tier}, but: ${told}`);
}

async function get(server: Server, { key, range }: Ask) {
  const headers = { host: 'files.test', ...(range && { range }) };
  const answer = await request(`${server.url}/${key}`, { headers });
  const cacheStatus = String(answer.headers['cache-status'] ?? '');
  return { status: answer.statusCode, cacheStatus, body: Buffer.from(await answer.body.arrayBuffer()) };
}
