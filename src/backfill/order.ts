import type { SourceFile } from '../ledger/files.ts';
import { type MediaClass, mediaClass, uploadedMs } from '../media/media-class.ts';

/** What an object costs besides its bytes: a request to the store, an open and a close on the disk. In bytes that go up in that time. */
const bytesPerObject = 2048;

/**
 * How much more often a file of this class is asked for than one of which nothing is known. An avatar stands beside each of its account's
 * posts, an emoji in many, the site's own pictures on each page; of an attachment timelines show the small one.
 */
const askedByClass: Readonly<Record<MediaClass, number>> = {
  avatars: 2,
  custom_emojis: 2,
  site_uploads: 2,
  media_small: 1.25,
  thumbnails: 1.25,
  headers: 1,
  preview_cards: 1,
  media_original: 1,
  other: 1,
  cache: 1,
  backups: 0.1,
  imports: 0.1,
};

/** A file of this age is asked for half as often as a new one, and further on by the root of its age. In milliseconds. */
const settledMs = 30 * 86_400_000;

/** What a file is expected to be asked for without any heat, in views, if nothing else is known of it. */
const priorViews = 0.25;

/** What it costs to carry a file up, in bytes. */
export function costOf(size: number): number {
  return size + bytesPerObject;
}

/**
 * How many requests each byte of this file is expected to answer from above: more is earlier. Above 0.
 * Rises with `heat`, the views that were measured, aged to `nowMs`; falls with the size.
 */
export function expectedPerByte(
  { key, size, mtimeUs }: Pick<SourceFile, 'key' | 'size' | 'mtimeUs'>,
  heat: number,
  nowMs: number,
): number {
  return (heat + priorViews * predicted(key, mtimeUs, nowMs)) / costOf(size);
}

function predicted(key: string, mtimeUs: number, nowMs: number): number {
  // A tree that was copied without its times has all of them on one day; the id in the path is the truth.
  const madeMs = uploadedMs(key) ?? mtimeUs / 1000;
  const ageMs = Math.max(0, nowMs - madeMs);
  return askedByClass[mediaClass(key)] / Math.sqrt(1 + (3 * ageMs) / settledMs);
}
