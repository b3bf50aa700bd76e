import { readFile, stat } from 'node:fs/promises';
import { GetObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import mime from 'mime-types';
import type { MediaFile } from './media-tree.ts';

/** An object that is not what its file is. */
export interface Difference {
  readonly key: string;
  readonly what: string;
}

/** Compares every file with its object in the bucket. Empty: all are there, and equal. */
export async function compareAll(
  client: S3Client,
  bucket: string,
  files: readonly MediaFile[],
  signal?: AbortSignal,
): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const file of files) {
    signal?.throwIfAborted();
    const what = await difference(client, bucket, file);
    if (what !== undefined) differences.push({ key: file.key, what });
  }
  return differences;
}

async function difference(client: S3Client, bucket: string, { key, path }: MediaFile): Promise<string | undefined> {
  try {
    const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const bytes = (await object.Body?.transformToByteArray()) ?? new Uint8Array();
    if (!(await readFile(path)).equals(bytes)) return 'the bytes differ';
    const type = mime.lookup(key) || 'application/octet-stream';
    if (object.ContentType !== type) return `its content type is ${object.ContentType}, not ${type}`;
    const { mtimeNs } = await stat(path, { bigint: true });
    const kept = object.Metadata?.mtime;
    return nanoseconds(kept) === mtimeNs ? undefined : `its x-amz-meta-mtime is ${kept}, not ${mtimeNs} ns`;
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return 'it was not copied';
    return `it could not be compared: ${(error as Error).message}`;
  }
}

/** Decimal seconds since the epoch, as rclone writes them, in nanoseconds. */
function nanoseconds(seconds = ''): bigint | undefined {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(seconds) ?? [];
  if (whole === undefined) return undefined;
  const size = BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  return sign === '-' ? -size : size;
}
