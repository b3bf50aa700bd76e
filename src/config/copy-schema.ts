import { z } from 'zod';
import { headerValue, integer } from './scalars.ts';
import { duration, rate, size, throughput } from './units.ts';

const retry = z
  .strictObject({
    first: duration().prefault('5s').describe('Wait before the second try of a failed copy'),
    most: duration().prefault('1h').describe('Longest wait; waits double until then'),
    times: integer({ least: 0 }).prefault(10).describe('Tries after the first, then the copy is given up'),
  })
  .refine((value) => value.first <= value.most, { path: ['first'], error: 'must not be longer than copy.retry.most' });

const pace = z.strictObject({
  bytes: throughput().prefault('off').describe('Bytes per second to the bucket, all copies together'),
  requests: rate().prefault('off').describe('Requests per second to the bucket, all copies together'),
});

const looks = z
  .array(duration())
  .min(1)
  .refine((all) => all.every((look, i) => look > (all[i - 1] ?? 0)), {
    error: 'must ascend: each longer than the one before',
  });

/** Copying from sources into the bucket. */
export const copySchema = z.strictObject({
  concurrency: integer({ most: 1024 }).prefault(4).describe('Copies at once'),
  minAge: duration({ least: '0ms' })
    .prefault('60s')
    .describe('A file changed less than this ago is copied later: it may still be written'),
  looks: looks
    .prefault(['1m', '10m', '1h', '24h'])
    .describe('When to look again after a request of unknown outcome: an aborted upload can still land'),
  multipartAbove: size({ least: '5MiB', most: '5GiB' })
    .prefault('512MiB')
    .describe(
      'Larger files go up in parts, after a look whether something is there; smaller ones in one request that cannot overwrite',
    ),
  cacheControl: headerValue()
    .prefault('public, max-age=315576000, immutable')
    .describe("Cache-Control of copies; the default is Mastodon's own"),
  requestTimeout: duration().prefault('10m').describe('Time for one upload request'),
  pace: pace.prefault({}).describe('How fast copies may go; when the bucket says SlowDown, they wait by themselves'),
  retry: retry.prefault({}).describe('When to try a failed copy again'),
  maxQueued: integer().prefault(1_000_000).describe('Copies that may wait; more are left for later readers'),
});
