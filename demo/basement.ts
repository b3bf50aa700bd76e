import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { seededNumbers } from './media/seeded.ts';
import { jpeg, mp4, png } from './media.ts';

type Make = (seed: number, bytes: number) => Buffer;

const photo: Make = (seed, bytes) => jpeg(seed, { width: 640, height: 480, bytes });
const thumbnail: Make = (seed, bytes) => jpeg(seed, { width: 320, height: 240, bytes });
const graphic: Make = (seed, bytes) => png(seed, { width: 48, height: 48, bytes });

/** What stands in the basement: 180 files, about 22 MB. Folders and styles are Mastodon's (app/models/concerns/attachmentable). */
const shelves: readonly {
  folder: string;
  style: string;
  ext: string;
  make: Make;
  count: number;
  kB: [number, number];
}[] = [
  { folder: 'media_attachments/files', style: 'original', ext: 'jpg', make: photo, count: 40, kB: [80, 400] },
  { folder: 'media_attachments/files', style: 'small', ext: 'jpg', make: thumbnail, count: 40, kB: [20, 60] },
  { folder: 'media_attachments/files', style: 'original', ext: 'png', make: graphic, count: 8, kB: [40, 300] },
  { folder: 'media_attachments/files', style: 'original', ext: 'mp4', make: mp4, count: 4, kB: [1000, 3000] },
  { folder: 'accounts/avatars', style: 'original', ext: 'png', make: graphic, count: 18, kB: [15, 40] },
  { folder: 'accounts/headers', style: 'original', ext: 'jpg', make: photo, count: 8, kB: [60, 150] },
  { folder: 'custom_emojis/images', style: 'original', ext: 'png', make: graphic, count: 18, kB: [14, 20] },
  { folder: 'cache/accounts/avatars', style: 'original', ext: 'jpg', make: thumbnail, count: 24, kB: [10, 40] },
  { folder: 'cache/preview_cards/images', style: 'original', ext: 'jpg', make: thumbnail, count: 20, kB: [20, 60] },
];

/** Fills a directory with valid pictures and videos as an instance of a few years would have them; always the same ones. */
export async function makeBasement(root: string): Promise<void> {
  const next = seededNumbers(1);
  const between = (from: number, to: number) => from + (next() % (to - from));
  let n = 0;
  for (const { folder, style, ext, make, count, kB } of shelves) {
    for (let i = 0; i < count; i++) {
      n += 1;
      const name = next().toString(16).padStart(8, '0') + next().toString(16).padStart(8, '0');
      const file = join(root, folder, paperclipPath(n), style, `${name}.${ext}`);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, make(n, between(kB[0] * 1000, kB[1] * 1000)), { mode: 0o644 });
      // 2018 to 2024, with a fraction that a careless copy would lose.
      const seconds = between(1_520_000_000, 1_720_000_000) + between(1, 999_999) / 1e6;
      await utimes(file, seconds, seconds);
    }
  }
}

/** Paperclip's id_partition of a snowflake: 109412345678901201 becomes 109/412/345/678/901/201. */
function paperclipPath(n: number): string {
  const id = String(109_412_345_678_901_200n + BigInt(n) * 104_729n);
  return id.match(/.{3}/g)!.join('/');
}
