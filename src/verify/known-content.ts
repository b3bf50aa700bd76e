import type { RecordedCopy } from '../ledger/recorded-copies.ts';
import { parseDecimalSeconds } from '../lib/decimal-seconds.ts';
import type { ObjectHead } from './object-proof.ts';
import type { CopyFacts, RecordedContent } from './verdict.ts';

/** Whether the ledger alone cannot say what was copied: it was confirmed by a look, after a crash, and not by an answer. */
export function isHalfKnown(copy: RecordedCopy | undefined): boolean {
  return (
    copy?.status === 'copied' &&
    (copy.md5 === undefined || copy.size === undefined || copy.mtime === undefined || copy.source === undefined)
  );
}

/**
 * The ledger's row as the verdict wants it. What it does not know of a copy is taken from the object, where a copy of ours made that: an
 * upload carries size, MD5 and mtime of the very file that was read, and clients cannot write such an object. `files`: how many sources have
 * the key; of which of several it was read is known from the ledger alone.
 */
export function copyFacts(
  copy: RecordedCopy | undefined,
  head: ObjectHead | undefined,
  files: number,
): CopyFacts | undefined {
  if (!copy) return undefined;
  const { status, reason, detail } = copy;
  return { status, reason, detail, content: contentOf(copy, head?.ours ? head : undefined, files) };
}

function contentOf(copy: RecordedCopy, own: ObjectHead | undefined, files: number): RecordedContent | undefined {
  const size = copy.size ?? own?.size;
  const md5 = copy.md5 ?? own?.md5;
  const mtime = copy.mtime ?? own?.mtime;
  if (size === undefined || md5 === undefined || mtime === undefined) return undefined;
  if (copy.source === undefined && files !== 1) return undefined;
  return { source: copy.source, size, md5, mtimeUs: microsecondsOf(mtime) };
}

/** Rounded down, as a scan does; undefined: it is no time. */
function microsecondsOf(mtime: string): number | undefined {
  const ns = parseDecimalSeconds(mtime);
  if (ns === undefined) return undefined;
  const us = ns / 1000n;
  return Number(ns < 0n && us * 1000n !== ns ? us - 1n : us);
}
