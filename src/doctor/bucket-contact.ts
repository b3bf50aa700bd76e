import { storeWords } from '../bucket/store-words.ts';
import { clockRefused } from './clock.ts';
import { error, type Finding, ok } from './finding.ts';
import type { StoreAnswer } from './store-door.ts';

/** Whether there is any use in asking more, and what the first answer says. */
export interface Contact {
  readonly findings: readonly Finding[];
  readonly usable: boolean;
  readonly mayList: boolean;
}

export interface ContactFacts {
  readonly bucket: string;
  readonly region: string;
}

const wanted = 'a signed GET of a missing key answered 404 NoSuchKey';

/** What the answer to a signed GET of a key that cannot exist says of the way to the bucket, the keys and the bucket. */
export function contactVerdict(answer: StoreAnswer, { bucket, region }: ContactFacts): Contact {
  const { status, code } = answer;
  if (status === 404 && code !== 'NoSuchBucket')
    return { usable: true, mayList: true, findings: [ok('bucket.missing-key', 'a missing key is 404')] };
  const stop = (finding: Finding): Contact => ({ usable: false, mayList: false, findings: [finding] });
  const told = `the store answered ${status}${code ? ` ${code}` : ''}`;
  const other = regionTold(answer);
  if (code === 'AuthorizationHeaderMalformed' || code === 'IllegalLocationConstraintException' || isRedirect(status))
    return stop(
      error(
        'bucket.region',
        `${told}${other ? `: the bucket is in ${other}` : ''}`,
        `a bucket in bucket.region (${region}) at bucket.endpoint`,
        other
          ? `set bucket.region: ${other}, and the endpoint of that region`
          : 'set bucket.region and bucket.endpoint to those of the bucket; redirects are not followed',
      ),
    );
  const known = (check: string) => {
    const { found, expected, todo } = storeWords(status, code ?? '', bucket);
    return error(check, found, expected, todo);
  };
  switch (code) {
    case 'NoSuchBucket':
      return stop(known('bucket.exists'));
    case 'InvalidAccessKeyId':
      return stop(known('bucket.access-key'));
    case 'SignatureDoesNotMatch':
      return stop(known('bucket.secret-key'));
    case 'RequestTimeTooSkewed':
      return stop(clockRefused());
  }
  if (status === 403)
    return {
      usable: true,
      mayList: false,
      findings: [
        error(
          'bucket.missing-key',
          'a signed GET of a missing key is answered 403, not 404: these keys may not list the bucket',
          `${wanted}: only so is an absence told from a private object`,
          `grant s3:ListBucket on the bucket ${bucket} to these keys (on Spaces: a key with full access to the bucket)`,
        ),
      ],
    };
  if (status < 300)
    return stop(
      error(
        'bucket.missing-key',
        `a key that does not exist is answered ${status}`,
        wanted,
        'bucket.endpoint is not the S3 API (a website, a CDN or an error page?): take the endpoint that S3 clients use',
      ),
    );
  return stop(
    error(
      'bucket.answer',
      told,
      wanted,
      'is bucket.endpoint an S3 endpoint, and is the store in order? see its status page',
    ),
  );
}

/** The region that an answer names: in a header, or in the text of the error (S3 API reference, "HeadBucket", "Error responses"). */
function regionTold({ headers, text }: StoreAnswer): string | undefined {
  const told =
    headers['x-amz-bucket-region'] ??
    /<Region>([^<]*)<\/Region>/.exec(text)?.[1] ??
    /expecting '([^']*)'/.exec(text)?.[1];
  return told !== undefined && /^[\w-]{1,63}$/.test(told) ? told : undefined;
}

function isRedirect(status: number): boolean {
  return [301, 302, 307, 308].includes(status);
}
