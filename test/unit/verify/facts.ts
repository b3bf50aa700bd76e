import type {
  AboveFacts,
  BelowFacts,
  CopyFacts,
  Facts,
  MarkFacts,
  RecordedContent,
} from '../../../src/verify/verdict.ts';

export const md5 = 'a'.repeat(32);
export const otherMd5 = 'b'.repeat(32);

export const below: BelowFacts = { source: 'disk', size: 10, mtimeUs: 1_614_834_367_123_456 };
export const above: AboveFacts = { size: 10, md5 };
export const content: RecordedContent = { source: 'disk', size: 10, md5, mtimeUs: below.mtimeUs };
export const copied = copyOf('copied', content);
export const unmarked: MarkFacts = { below: 'open', shown: 'unset', unsettled: false };

export function copyOf(status: CopyFacts['status'], known?: RecordedContent): CopyFacts {
  return { status, content: known, reason: undefined, detail: undefined };
}

/** A file that was copied, and everything agrees. */
export const allAgree: Facts = { below, above, copy: copied, mark: unmarked, skipped: false, wholeSeconds: false };
