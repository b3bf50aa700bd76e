import type { Hidden } from './examiner.ts';
import type { Column } from './tally.ts';
import type { Excepted, Reason } from './verdict.ts';

/** What a verdict says to people. */
export const reasonWords: Readonly<Record<Reason, string>> = {
  'not-copied': 'it was not copied',
  'missing-above': 'it was copied, and is not in the bucket any more',
  lost: 'it was copied, and is now neither in the bucket nor below',
  different: 'the object is another one than the file',
  'changed-above': 'the object is another one than what was copied',
  'changed-below': 'the file was changed after it was copied',
  'corrupt-above': "the object's bytes are not what the store says they are",
  unproven: 'somebody else put the object there, and the file was never compared with it: --source does',
  'other-source': 'the object was copied from another source, and this file was never compared with it: --source does',
  'no-md5-above': 'the store tells no MD5 of the object: --source with --download does without',
  unsettled: 'a change of it through the write host is not settled: run this again later',
  'deleted-still-above': 'it was deleted through the write host, and the object is still there',
  'replaced-missing': 'a client put another object in its place, and that is not in the bucket',
  exposed: 'it is private, and everybody can read the object',
  'gone-below': 'the file was there at the scan, and is not any more: run `upstairs scan` again',
  'unreadable-below': 'the file could not be read',
  'damaged-below': 'the disk does not give the file any more',
  'source-unavailable': 'the source did not answer',
  'store-unanswered': 'the store did not answer',
  finding: 'a scan found it, and it is no file that can be moved',
};

export const exceptedWords: Readonly<Record<Excepted, string>> = {
  'mark-gone': 'deleted through the write host, and not in the bucket',
  'mark-replaced': 'replaced by a client through the write host: the file is never used again',
  'rule-skip': 'left below for good by backfill.skip',
  acknowledged: 'acknowledged by name',
};

export const hiddenWords: Readonly<Record<Hidden, string>> = {
  mark: 'private by their mark',
  prefix: 'private by their prefix (media.private)',
  mode: 'private by the mode of their file',
};

export const columnWords: Readonly<Record<Column, string>> = {
  '=': 'equal',
  '-': 'only in the bucket',
  '+': 'only below',
  '*': 'different',
  '!': 'not told',
  excepted: 'excepted',
};

export interface Ways {
  /** Percent of the objects that were read again. */
  readonly percent: number;
  readonly source: boolean;
  readonly askedAcls: boolean;
}

/** What could be wrong all the same: each way of looking cannot find some things, and the report says which. */
export function blindSpots({ percent, source, askedAcls }: Ways): readonly string[] {
  const blind: string[] = ['Files that came below after the scan, and whatever else a scan does not see.'];
  if (!source)
    blind.push(
      'A file that was changed after its copy with size and mtime kept as they were: no file was read again (`--source` does).',
      'Whether the disks still give their files: nothing was read from them (`--source` does).',
    );
  if (percent === 0)
    blind.push(
      "An object whose bytes went bad in the store while it tells the MD5 from before: none was read again (`--download` does). Of objects that came in parts the MD5 is what the upload said (`md5chksum`), and not the store's own.",
    );
  else if (percent < 100)
    blind.push(
      `Objects beyond the sample whose bytes went bad in the store: ${percent} % of them were read again (\`--download all\` reads each).`,
    );
  if (!askedAcls) blind.push('Whether what is private is so in the bucket: no ACL was asked for (`--download` does).');
  blind.push(
    'Whether the public can read what is public, and with which headers: `upstairs check` and `upstairs acl fix` look at that.',
    'What was changed in the bucket past Upstairs after the listing, if it was right at the listing.',
  );
  return blind;
}
