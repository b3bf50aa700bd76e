import { createHash } from 'node:crypto';
import { chmod, mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export { jpeg, mp4, png } from '../../demo/media.ts';

/** 2021-03-04T05:06:07.123456Z, in seconds: long past, and with a fraction that a copy could lose. */
export const longAgo = 1_614_834_367.123456;

export interface MediaFile {
  bytes: Uint8Array | string;
  /** A date, or seconds since 1970. Default: `longAgo`. */
  mtime?: Date | number;
  /** Permission bits. Default: 0o644. */
  mode?: number;
}

/** Writes a file under `root` as Mastodon keeps it, and returns its path. */
export async function writeMedia(
  root: string,
  key: string,
  bytes: Uint8Array | string,
  { mtime = longAgo, mode = 0o644 }: Omit<MediaFile, 'bytes'> = {},
): Promise<string> {
  const file = join(root, key);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes);
  await chmod(file, mode);
  await utimes(file, mtime, mtime);
  return file;
}

/** Writes a whole tree of them: `{ [key]: bytes or MediaFile }`. */
export async function basement(root: string, files: Record<string, Uint8Array | string | MediaFile>): Promise<void> {
  for (const [key, file] of Object.entries(files)) {
    if (typeof file === 'string' || file instanceof Uint8Array) await writeMedia(root, key, file);
    else await writeMedia(root, key, file.bytes, file);
  }
}

/** The key of the n-th attachment, as Paperclip makes it from an id and a random name; always the same one. */
export function mastodonKey(n: number, ext: string, style: 'original' | 'small' = 'original'): string {
  const id = String(109_412_345_678_901_200n + BigInt(n));
  const name = createHash('sha256').update(`attachment ${n}`).digest('hex').slice(0, 16);
  return `media_attachments/files/${id.match(/.{3}/g)?.join('/')}/${style}/${name}.${ext}`;
}
