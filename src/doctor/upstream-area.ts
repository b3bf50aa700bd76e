import type { Area } from './area.ts';
import { type Finding, ok } from './finding.ts';
import { unreachable } from './unreachable.ts';

export interface UpstreamAreaOptions {
  readonly upstreams: readonly { readonly option: string; readonly url: string }[];
  /** Asks once; resolves with whatever status comes, rejects with what the connection failed with. */
  readonly ask: (url: string, signal: AbortSignal) => Promise<number>;
}

const limitMs = 15_000;

/** Mastodon behind the app host: whether anything answers there. */
export function upstreamArea({ upstreams, ask }: UpstreamAreaOptions): Area {
  return {
    name: 'app',
    limitMs,
    async *run(signal) {
      yield* await Promise.all(
        upstreams.map(async ({ option, url }): Promise<Finding> => {
          try {
            return ok(option, `answers (${await ask(url, signal)})`);
          } catch (cause) {
            return unreachable(option, new URL(url).host, option, cause);
          }
        }),
      );
    },
  };
}
