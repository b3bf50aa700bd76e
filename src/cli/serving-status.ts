import { request } from 'undici';
import type { Config } from '../config/schema.ts';
import type { Status } from '../status/status.ts';

/** `serve` answers within moments, or is stuck; in milliseconds. */
const answerMs = 5000;

/** Where commands on this machine reach the admin listener. Undefined: its port is chosen anew at each start. */
export function adminUrl({ admin: { listen } }: Pick<Config, 'admin'>): string | undefined {
  if (listen.port === 0) return undefined;
  const host = ['0.0.0.0', '::'].includes(listen.host) ? 'localhost' : listen.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${listen.port}`;
}

/** The status as a running `serve` tells it; undefined: none answers there. */
export async function servingStatus(config: Pick<Config, 'admin'>): Promise<Status | undefined> {
  const url = adminUrl(config);
  if (url === undefined) return undefined;
  try {
    const { statusCode, body } = await request(`${url}/api/status`, { signal: AbortSignal.timeout(answerMs) });
    const answer: unknown = await body.json();
    return statusCode === 200 && isStatus(answer) ? answer : undefined;
  } catch {
    // Nobody is there, or somebody else.
    return undefined;
  }
}

function isStatus(answer: unknown): answer is Status {
  return typeof answer === 'object' && answer !== null && 'atMs' in answer && 'sources' in answer;
}
