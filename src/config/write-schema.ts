import { z } from 'zod';
import { bucketName } from './bucket-name.ts';
import { hostName } from './host-name.ts';
import { optionalKeyPrefix } from './key-prefix.ts';
import { listenAddress } from './listen-address.ts';
import { credential, flag, integer } from './scalars.ts';
import { plainTlsSchema } from './tls-schema.ts';
import { trustedProxies } from './trusted-proxies.ts';
import { duration } from './units.ts';

const key = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, { error: 'must be 1 to 32 of a-z, 0-9 and "-"' })
    .describe('Name in the audit log and in metrics'),
  accessKey: credential()
    // A signature names its key as ID/date/region/s3/aws4_request, in a list that is parted by commas.
    .regex(/^[^/,=]{3,128}$/, { error: 'must have 3 to 128 characters, and no "/", "," or "="' })
    .describe("Access key id that is made up for this client; Mastodon's AWS_ACCESS_KEY_ID"),
  secretKey: credential()
    .min(16, { error: 'must have at least 16 characters (openssl rand -hex 32)' })
    .describe("Secret key of that id; Mastodon's AWS_SECRET_ACCESS_KEY"),
  rights: z
    .array(z.enum(['read', 'write', 'delete']))
    .min(1)
    .refine(allDiffer, { error: 'must name each right once' })
    .describe('read: get, head, list; write: put, copy, ACLs; delete'),
  prefix: optionalKeyPrefix().describe('The only keys it may use begin with this; empty: all'),
});

const keys = z
  .array(key)
  .min(1)
  .superRefine((all, context) => {
    for (const option of ['name', 'accessKey'] as const) {
      for (const [i, later] of all.entries()) {
        const earlier = all.findIndex((other) => other[option] === later[option]);
        if (earlier === i) continue;
        context.addIssue({
          code: 'custom',
          path: [i, option],
          message: `is also that of write.keys.${earlier}: give each key its own`,
        });
      }
    }
  });

/** The write host: where Mastodon's S3 client comes in. Left out, there is none. */
export const writeSchema = z.strictObject({
  listen: listenAddress()
    .prefault('127.0.0.1:8081')
    .describe('Address and port for S3 clients, behind a proxy that speaks TLS'),
  tls: plainTlsSchema().optional().describe('TLS for S3 clients; left out, it is spoken by a proxy in front'),
  hosts: z
    .array(hostName())
    .min(1)
    .refine(allDiffer, { error: 'must name each host once' })
    .describe('Host names that clients use, without port; <bucket>.<host> is understood too'),
  bucket: bucketName().optional().describe('Name of the bucket as clients call it; bucket.name where it is left out'),
  region: z
    .string()
    .regex(/^[\w-]{1,63}$/, { error: 'must be the name of a region: letters, digits, "-" and "_" (us-east-1)' })
    .optional()
    .describe('Region that clients sign for; bucket.region where it is left out'),
  trustProxy: trustedProxies(),
  answerWithin: duration({ least: '100ms' })
    .prefault('4s')
    .describe(
      'Time from the last byte of a request until it is answered, if need be with an error; Mastodon waits 5 s',
    ),
  keepAliveTimeout: duration()
    .prefault('75s')
    .describe("Time an idle connection is kept; longer than the proxy's in front, or it meets closed ones"),
  requestTimeout: duration().prefault('30s').describe('Time a client may take to send its request headers'),
  stallTimeout: duration().prefault('60s').describe('Time without a byte moving until a connection is cut'),
  maxConnections: integer().prefault(1_000).describe('Connections at once; more are refused'),
  audit: flag()
    .prefault(true)
    .describe('One line for each write, delete and ACL change: whose key, from where, what became of it'),
  keys: keys.describe('Key pairs that clients may sign with'),
});

/** The parsed section: durations in milliseconds. It holds secrets: never log it. */
export type WriteConfig = z.output<typeof writeSchema>;
type Bucket = { readonly name: string; readonly accessKey: string; readonly secretKey: string };

/** What is wrong with a write host before this bucket. */
export function* writeProblems(
  write: WriteConfig,
  bucket: Bucket,
): Generator<{ path: (string | number)[]; message: string }> {
  for (const [i, key] of write.keys.entries()) {
    for (const option of ['accessKey', 'secretKey'] as const) {
      if (key[option] !== bucket[option]) continue;
      yield {
        path: ['write', 'keys', i, option],
        message: `must not be bucket.${option}: a client with the store's own key could go past Upstairs, and what it deletes there would come back`,
      };
    }
  }
  const name = write.bucket ?? bucket.name;
  for (const [i, host] of write.hosts.entries()) {
    const other = write.hosts.findIndex((other) => host === `${name}.${other}`);
    if (other < 0) continue;
    yield {
      path: ['write', 'hosts', i],
      message: `is the bucket's name before write.hosts.${other}: a request to it could be meant in two ways; it is understood without being named here`,
    };
  }
}

function allDiffer(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
