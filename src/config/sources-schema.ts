import { z } from 'zod';
import { diskSource } from './disk-source-schema.ts';
import { httpSource } from './http-source-schema.ts';
import { s3Source } from './s3-source-schema.ts';

const source = z.discriminatedUnion('type', [diskSource, httpSource, s3Source]);

/** One old place that still holds media. */
export type SourceConfig = z.output<typeof source>;

/**
 * Operations that may hold a thread at once: each on a disk and on what its links lead to; for another machine, the look-up of its name by
 * each connection, of which questions have some of their own.
 */
export function operationsOf(source: SourceConfig): number {
  if (source.type !== 'disk') return source.connections * 2;
  return source.maxOutstanding * (1 + (source.alsoAllow ?? []).length);
}

/** The old places, in the order in which they are asked. */
export const sourcesSchema = z
  .array(source)
  .min(1)
  // libuv's pool has 1024 threads at most, and state, spool and DNS need some.
  .refine((all) => all.reduce((sum, source) => sum + operationsOf(source), 0) <= 1000, {
    error: 'must not have more than 1000 maxOutstanding and connections together: libuv has no more threads',
  })
  .superRefine((all, context) => {
    for (const [i, later] of all.entries()) {
      const earlier = all.findIndex((other) => other.name === later.name);
      if (earlier === i) continue;
      context.addIssue({
        code: 'custom',
        path: [i, 'name'],
        message: `is also the name of sources.${earlier}: give each source its own`,
      });
    }
  });

/** False: what is missing may be there all the same: a web server says 404 of everything while its disk is not mounted, or for another site. */
export function provesAbsence(source: SourceConfig): boolean {
  return source.type !== 'http' || source.canary !== undefined;
}
