const mib = 2 ** 20;
const usualBytes = 16 * mib;
/** S3's limits of uploads in parts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const mostParts = 10_000;

/** The largest object that S3 takes, in bytes. */
export const mostObjectBytes = 5 * 2 ** 40;

/** How large the parts of an upload of so many bytes are: 16 MiB, or as much more, in whole MiB, as 10,000 of them have to be. */
export function partBytesFor(size: number): number {
  return Math.max(usualBytes, Math.ceil(size / mostParts / mib) * mib);
}
