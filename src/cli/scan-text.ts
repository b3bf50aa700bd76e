import type { ScanProgress } from '../backfill/scan.ts';
import type { Files, FindingKind, ScanRecord } from '../ledger/files.ts';

/** How one source's scan went. */
export interface ScanResult {
  readonly source: string;
  readonly whole: boolean;
  /** Why it is not whole. */
  readonly why: string | undefined;
  /** Undefined: it was not begun. */
  readonly record: ScanRecord | undefined;
  /** Of a whole scan. */
  readonly findings: Awaited<ReturnType<Files['findingsByKind']>>;
  /** Names or lines that were looked at now, and how long that took. */
  readonly entries: number;
  readonly ms: number;
}

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

export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function countText(count: number): string {
  return count.toLocaleString('en');
}

export function progressText({ source, files, bytes, at }: ScanProgress, perSecond: number, columns: number): string {
  const text = `${source}: ${countText(files)} files, ${sizeText(bytes)}, ${countText(Math.round(perSecond))}/s, ${at}`;
  return text.length < columns ? text : `${text.slice(0, Math.max(0, columns - 2))}…`;
}

export function reportText({ source, whole, why, record, findings, entries, ms }: ScanResult): string {
  const lines: string[] = [];
  if (record) {
    const { files, bytes, added, changed, vanished } = record;
    const rate = ms > 0 ? ` (${countText(entries)} entries in ${countText(Math.round(ms / 1000))} s)` : '';
    lines.push(
      `${source}: ${countText(files)} files, ${sizeText(bytes)}; ${countText(added)} new, ${countText(changed)} changed, ` +
        `${countText(vanished)} vanished${rate}`,
    );
  }
  for (const { kind, count, examples } of findings) {
    lines.push(`  ${kind}: ${countText(count)} ${meanings[kind]}`);
    for (const { path, detail } of examples) lines.push(`    ${path}${detail === undefined ? '' : ` (${detail})`}`);
    if (count > examples.length) lines.push(`    and ${countText(count - examples.length)} more`);
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
