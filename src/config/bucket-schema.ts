import { z } from 'zod';
import { bucketName } from './bucket-name.ts';
import { optionalKeyPrefix } from './key-prefix.ts';
import { credential, flag, headerValue, integer } from './scalars.ts';
import { duration } from './units.ts';

const breaker = z.strictObject({
  failures: integer().prefault(5).describe('Failures in a row after which the bucket counts as unavailable'),
  retryAfter: duration().prefault('5s').describe('Time until an unavailable bucket is tried again'),
});

const endpointForm =
  'must be an http:// or https:// URL of scheme, host and port only (https://fra1.digitaloceanspaces.com)';

/** Schema of the URL of an S3 service; gives an origin. */
export const endpoint = z
  .string()
  .regex(/^https?:\/\/[^/?#@\s]+\/?$/i, { error: endpointForm, abort: true })
  .refine((text) => URL.canParse(text), { error: endpointForm, abort: true })
  .transform((text) => new URL(text).origin);

const publicUrlForm =
  'must be an http:// or https:// URL without user, query and fragment (https://media.example.social)';

const publicUrl = z
  .string()
  .regex(/^https?:\/\/[!-~]+$/i, { error: publicUrlForm, abort: true })
  .refine((text) => URL.canParse(text) && isPlain(new URL(text)), { error: publicUrlForm, abort: true })
  .transform((text) => new URL(text).href.replace(/\/+$/, ''));

function isPlain({ username, password, search, hash }: URL): boolean {
  return username + password + search + hash === '';
}

/** The S3-compatible destination. `endpoint` comes out as an origin; it and `publicUrl` without a slash at the end. */
export const bucketSchema = z
  .strictObject({
    endpoint: endpoint.describe('URL of the S3 service, without the bucket'),
    region: headerValue()
      .prefault('us-east-1')
      .describe('Region that requests are signed for; Spaces and Ceph take us-east-1'),
    name: bucketName().describe('Name of the bucket'),
    keyPrefix: optionalKeyPrefix().describe('Put before every key in the bucket; empty, or ends with "/"'),
    addressing: z
      .enum(['path', 'virtual'])
      .prefault('path')
      .describe('path: endpoint/bucket/key; virtual: bucket.endpoint/key'),
    publicUrl: publicUrl
      .optional()
      .describe(
        'Where readers are sent with read.bucketHits: redirect; else what endpoint and addressing say. A CDN there shows what was deleted or hidden until its own time is over',
      ),
    accessKey: credential().describe('Access key id; from the environment or a file, not in here'),
    secretKey: credential().describe('Secret key; from the environment or a file, not in here'),
    reads: z
      .enum(['anonymous', 'signed'])
      .prefault('anonymous')
      .describe(
        'anonymous: the store itself hides what an ACL makes private; signed: for a private bucket without ACLs (acls: false)',
      ),
    acls: flag()
      .prefault(true)
      .describe('Whether the bucket keeps object ACLs; without them only marks hide an object'),
    connections: integer().prefault(64).describe('Connections to the bucket at once'),
    connectTimeout: duration().prefault('2s').describe('Time to connect'),
    headersTimeout: duration().prefault('3s').describe('Time from request to response headers'),
    bodyTimeout: duration().prefault('30s').describe('Time between two pieces of a response body'),
    absenceTtl: duration()
      .prefault('10s')
      .describe('Time that "the bucket answered missing" is remembered, in memory only'),
    identityEvery: duration().prefault('30s').describe('How often it is checked that this is still the right bucket'),
    breaker: breaker.prefault({}).describe('When to stop asking a failing bucket'),
  })
  .refine((value) => value.reads === 'anonymous' || !value.acls, {
    path: ['reads'],
    error:
      'must be anonymous where bucket.acls is true: signed reads see what an ACL hides, and would show it; signed is for a bucket without ACLs, where only marks hide',
  });
