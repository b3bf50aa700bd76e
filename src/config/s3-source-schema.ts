import { z } from 'zod';
import { bucketName } from './bucket-name.ts';
import { endpoint } from './bucket-schema.ts';
import { optionalKeyPrefix } from './key-prefix.ts';
import { remoteLimits } from './remote-limits.ts';
import { credential, flag, headerValue } from './scalars.ts';
import { sourceName } from './source-name.ts';

/** An old bucket, which is only read. */
export const s3Source = z.strictObject({
  type: z.literal('s3').describe('An old bucket: it is only read, with requests that are signed'),
  name: sourceName(),
  endpoint: endpoint.describe('URL of the S3 service, without the bucket'),
  region: headerValue()
    .prefault('us-east-1')
    .describe('Region that requests are signed for; MinIO and Ceph take us-east-1'),
  bucket: bucketName().describe('Name of the old bucket'),
  keyPrefix: optionalKeyPrefix().describe('Put before every key there; empty, or ends with "/"'),
  addressing: z
    .enum(['path', 'virtual'])
    .prefault('path')
    .describe('path: endpoint/bucket/key; virtual: bucket.endpoint/key'),
  accessKey: credential().describe('Access key id; from the environment or a file, not in here'),
  secretKey: credential().describe('Secret key; from the environment or a file, not in here'),
  acls: flag().describe(
    'true: an object that its ACL does not show to everybody is private (Spaces, AWS, Ceph); false: there are no object ACLs (MinIO), and everything is public',
  ),
  ...remoteLimits(),
});
