import type { ScanProgress } from '../backfill/scan.ts';
import type { ScanResult } from '../backfill/scan-result.ts';
import type { FindingKind } from '../ledger/files.ts';
import { bytesInWords, countInWords } from '../lib/quantity-words.ts';

/** What each kind of finding means for the operator. */
const meanings: Readonly<Record<FindingKind, string>> = {
  'odd-name': 'names that cannot be keys: they are never served or moved',
  unlistable: 'directories that could not be listed: what was known to lie below stays on record',
  unreadable: 'names that could not be looked at',
  symlink: 'symlinks, which are not followed (see alsoAllow)',
  loop: 'directories that lie within themselves',
  'other-file-system': 'directories on another file system, which were not walked',
  'not-a-file': 'sockets, FIFOs and devices',
  'bad-line': 'records of the manifest that could not be read',
};

export function progressText({ source, files, bytes, at }: ScanProgress, perSecond: number, columns: number): string {
  const text = `${source}: ${countInWords(files)} files, ${bytesInWords(bytes)}, ${countInWords(Math.round(perSecond))}/s, ${at}`;
  return text.length < columns ? text : `${text.slice(0, Math.max(0, columns - 2))}…`;
}

export function reportText({ source, whole, why, record, findings, entries, ms }: ScanResult): string {
  const lines: string[] = [];
  if (record) {
    const { files, bytes, added, changed, vanished } = record;
    const rate = ms > 0 ? ` (${countInWords(entries)} entries in ${countInWords(Math.round(ms / 1000))} s)` : '';
    lines.push(
      `${source}: ${countInWords(files)} files, ${bytesInWords(bytes)}; ${countInWords(added)} new, ${countInWords(changed)} changed, ` +
        `${countInWords(vanished)} vanished${rate}`,
    );
  }
  for (const { kind, count, examples } of findings) {
    lines.push(`  ${kind}: ${countInWords(count)} ${meanings[kind]}`);
    for (const { path, detail } of examples) lines.push(`    ${path}${detail === undefined ? '' : ` (${detail})`}`);
    if (count > examples.length) lines.push(`    and ${countInWords(count - examples.length)} more`);
  }
  if (!whole) lines.push(`${source}: not whole: ${why}`);
  return `${lines.join('\n')}\n`;
}

export function reportJson(results: readonly ScanResult[]): string {
  const sources = results.map(({ source, whole, why, record, findings, entries, ms }) => ({
    source,
    whole,
    ...(why !== undefined && { why }),
    ...(record && { ...record, source }),
    entries,
    ms: Math.round(ms),
    findingsByKind: findings.map(({ kind, count, examples }) => ({
      kind,
      count,
      examples: examples.map(({ path, detail }) => ({ path, detail })),
    })),
  }));
  return `${JSON.stringify({ sources }, null, 2)}\n`;
}
