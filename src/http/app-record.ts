import type { UpstreamName } from './app-target.ts';

/** One request that was not for media, as the log and the metrics see it. Its query and its fields are left out: they hold tokens. */
export interface AppRecord {
  readonly method: string;
  /** Without the query, and not longer than a line. */
  readonly path: string;
  /** Who was to answer; `none`: it was refused. */
  upstream: UpstreamName | 'none';
  status: number;
  /** Body bytes that went towards the client. */
  bytes: number;
  /** Why it was refused, or what went wrong. */
  why: string | undefined;
  readonly address: string;
  /** When it came, on `performance.now()`'s clock. */
  readonly beganMs: number;
  /** Milliseconds until the answer began, and until it was over: for a WebSocket, until it was open. */
  headMs: number | undefined;
  totalMs: number;
  /** The answer was not sent to its end. */
  cut: boolean;
}

const maxPathLength = 256;

export function appRecord(method: string, url: string, address: string): AppRecord {
  return {
    method,
    path: (/^[^?#]*/.exec(url)?.[0] ?? '').slice(0, maxPathLength),
    upstream: 'none',
    status: 0,
    bytes: 0,
    why: undefined,
    address,
    beganMs: performance.now(),
    headMs: undefined,
    totalMs: 0,
    cut: false,
  };
}
