import { isIP } from 'node:net';
import { z } from 'zod';
import { keyPrefix } from './key-prefix.ts';
import { credential, flag, headerValue, integer } from './scalars.ts';
import { duration } from './units.ts';

const breaker = z.strictObject({
  failures: integer().prefault(5).describe('Failures in a row after which the bucket counts as unavailable'),
  retryAfter: duration().prefault('5s').describe('Time until an unavailable bucket is tried again'),
});

const endpointForm =
  'must be an http:// or https:// URL of scheme, host and port only (https://fra1.digitaloceanspaces.com)';

const endpoint = z
  .string()
  .regex(/^https?:\/\/[^/?#@\s]+\/?$/i, { error: endpointForm, abort: true })
  .refine((text) => URL.canParse(text), { error: endpointForm, abort: true })
  .transform((text) => new URL(text).origin);

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
const bucketName = z
  .string()
  .regex(/^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, {
    error: 'must be a bucket name: 3 to 63 of a-z, 0-9, "-" and ".", a letter or digit at both ends, no ".."',
    abort: true,
  })
  .refine((name) => isIP(name) === 0, { error: 'must be a bucket name, which must not look like an IP address' });

/** The S3-compatible destination. `endpoint` comes out as an origin, without a slash at its end. */
export const bucketSchema = z.strictObject({
  endpoint: endpoint.describe('URL of the S3 service, without the bucket'),
  region: headerValue()
    .prefault('us-east-1')
    .describe('Region that requests are signed for; Spaces and Ceph take us-east-1'),
  name: bucketName.describe('Name of the bucket'),
  keyPrefix: z
    .union([z.literal(''), keyPrefix()], { error: 'must be empty, or text that ends with "/"' })
    .prefault('')
    .describe('Put before every key in the bucket; empty, or ends with "/"'),
  addressing: z
    .enum(['path', 'virtual'])
    .prefault('path')
    .describe('path: endpoint/bucket/key; virtual: bucket.endpoint/key'),
  accessKey: credential().describe('Access key id; from the environment or a file, not in here'),
  secretKey: credential().describe('Secret key; from the environment or a file, not in here'),
  acls: flag().prefault(true).describe('Whether the bucket keeps object ACLs; without them only marks hide an object'),
  connections: integer().prefault(64).describe('Connections to the bucket at once'),
  connectTimeout: duration().prefault('2s').describe('Time to connect'),
  headersTimeout: duration().prefault('3s').describe('Time from request to response headers'),
  bodyTimeout: duration().prefault('30s').describe('Time between two pieces of a response body'),
  absenceTtl: duration()
    .prefault('10s')
    .describe('Time that "the bucket answered missing" is remembered, in memory only'),
  identityEvery: duration().prefault('30s').describe('How often it is checked that this is still the right bucket'),
  breaker: breaker.prefault({}).describe('When to stop asking a failing bucket'),
});
