import type { Told } from '../lib/operator-error.ts';

/** Signatures hold for minutes: the clocks must agree. */
export const clockWords: Told = {
  found: "the store refuses this machine's time (RequestTimeTooSkewed)",
  expected: 'clocks that agree',
  todo: 'let the clock be kept: timedatectl set-ntp true (or chrony), and look at the time zone of none of it: UTC counts',
};

/** What a store's refusal means, and what helps, by its status and S3 error code. */
export function storeWords(status: number, code: string, bucket: string): Told {
  switch (code) {
    case 'NoSuchBucket':
      return {
        found: `there is no bucket ${bucket} (${status} NoSuchBucket)`,
        expected: 'a bucket of that name that these keys can use',
        todo: 'correct bucket.name or bucket.endpoint, or create the bucket: private, without versioning',
      };
    case 'InvalidAccessKeyId':
      return {
        found: 'the store does not know the access key (InvalidAccessKeyId)',
        expected: 'an access key of this store',
        todo: 'copy bucket.accessKey anew from where it was made, for this endpoint; look for blanks and a key of another account',
      };
    case 'SignatureDoesNotMatch':
      return {
        found: 'the store knows the access key, and refuses the signature (SignatureDoesNotMatch)',
        expected: 'the secret key that belongs to bucket.accessKey',
        todo: 'copy bucket.secretKey anew, whole and without quotes; if it is right, a proxy on the way changes the Host header',
      };
    case 'RequestTimeTooSkewed':
      return clockWords;
  }
  const told = `the store answered ${status} (${code})`;
  if (status >= 300 && status < 400)
    return {
      found: told,
      expected: 'a bucket in bucket.region at bucket.endpoint: redirects are not followed',
      todo: 'set bucket.region and bucket.endpoint to those of the bucket',
    };
  if (status === 429 || status >= 500)
    return {
      found: told,
      expected: 'a store that answers',
      todo: 'try again later, and see the status page of the store',
    };
  return {
    found: told,
    expected: `a store that lets these keys do it in the bucket ${bucket}`,
    todo: 'see what `upstairs check` says of the rights of bucket.accessKey',
  };
}
