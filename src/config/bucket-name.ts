import { isIP } from 'node:net';
import { z } from 'zod';

/** Schema of a bucket's name (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html). */
export function bucketName() {
  return z
    .string()
    .regex(/^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, {
      error: 'must be a bucket name: 3 to 63 of a-z, 0-9, "-" and ".", a letter or digit at both ends, no ".."',
      abort: true,
    })
    .refine((name) => isIP(name) === 0, { error: 'must be a bucket name, which must not look like an IP address' });
}
