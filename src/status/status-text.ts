import { bytesInWords, countInWords, minuteInWords, span } from '../lib/quantity-words.ts';
import type { SourceStatus, Status } from './status.ts';
import {
  answeringTiers,
  neededWords,
  type Paint,
  plain,
  rateWords,
  share,
  short,
  total,
  verdictWords,
  verifiedWords,
} from './status-words.ts';

/** The width that lines are wrapped to. */
const columns = 80;
/** The longest name of a tier in a table. */
const mostName = 20;
const statuses = ['copied', 'wanted', 'superseded', 'refused'] as const;

/** The status for people: aligned, in 80 columns. Ends with a newline. */
export function statusText(status: Status, paint = plain): string {
  const blocks = [heading(status), copies(status), classes(status), tiers(status), progress(status)];
  for (const source of status.sources) blocks.push(sourceBlock(source, status, paint));
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

/** What speaks against unplugging, a paragraph each. */
export function unplugLines(source: SourceStatus, paint = plain): string[] {
  const { reasons } = source.unplug;
  return [verdictWords(source, paint), ...reasons.flatMap(({ why, todo }) => wrapped(`${why}: ${todo}`, '- ', '  '))];
}

function heading({ phase, servingMs, atMs }: Status): string[] {
  const serving = servingMs === undefined ? 'serve does not run' : `serving for ${span(atMs - servingMs)}`;
  return [`${minuteInWords(atMs)}, phase ${phase}, ${serving}`];
}

function copies({ weights, byStatus }: Status): string[] {
  const rows = statuses.map((status) => {
    const bytes = weights.filter((each) => each.status === status).reduce((sum, each) => sum + each.bytes, 0);
    return [status, countInWords(byStatus[status]), bytesInWords(bytes)];
  });
  return table([['copies', 'objects', 'bytes'], ...rows]);
}

function classes({ weights }: Status): string[] {
  const copied = weights.filter(({ status }) => status === 'copied');
  if (copied.length === 0) return [];
  const rows = copied.map(({ class: name, objects, bytes }) => [name, countInWords(objects), bytesInWords(bytes)]);
  return table([['copied, by class', 'objects', 'bytes'], ...rows]);
}

function tiers({ tiers: { hour, day, all } }: Status): string[] {
  const names = answeringTiers(all);
  if (names.length === 0) return ['No reader was answered yet.'];
  const periods = [hour, day, all];
  const rows = names.map((tier) => [
    cut(tier),
    ...periods.flatMap((shares) => [share(shares, tier, 'requests'), share(shares, tier, 'bytes')]),
  ]);
  return table([
    ['answered by', '1 h', '', '24 h', '', 'all', ''],
    ['', ...periods.flatMap(() => ['reqs', 'bytes'])],
    ...rows,
    [
      'in all',
      ...periods.flatMap((shares) => [short(total(shares, 'requests')), bytesInWords(total(shares, 'bytes'))]),
    ],
  ]);
}

function progress(status: Status): string[] {
  const { rate, backfill, oldestFailure, oldestWantedMs, atMs, openAttempts, openIntents } = status;
  const lines: [string, string][] = [];
  if (rate) lines.push(['copying', rateWords(rate)]);
  if (backfill) {
    const left = backfill.left
      ? `${countInWords(backfill.left.files)} files, ${bytesInWords(backfill.left.bytes)} left`
      : 'no plan was made yet';
    lines.push(['backfill', `${backfill.state}, ${left}`]);
  }
  const eta = backfill?.eta;
  if (eta) lines.push(['to go', `about ${span(eta.ms)}, if ${eta.assuming}`]);
  if (oldestWantedMs !== undefined) lines.push(['oldest wait', `a copy waits for ${span(atMs - oldestWantedMs)}`]);
  if (openAttempts > 0) lines.push(['uploads', `${countInWords(openAttempts)} of unknown outcome`]);
  if (openIntents > 0) lines.push(['writes', `${countInWords(openIntents)} of unknown outcome`]);
  if (oldestFailure)
    lines.push([
      'oldest failure',
      `${minuteInWords(oldestFailure.sinceMs)}, ${oldestFailure.reason ?? 'unknown'} (see upstairs failures)`,
    ]);
  return labelled(lines);
}

function sourceBlock(source: SourceStatus, { atMs }: Status, paint: Paint): string[] {
  const { name, use, verification, latencyMs, retiredMs } = source;
  const lines: [string, string][] = [];
  if (use) lines.push(['last needed', neededWords(use, atMs)]);
  if (use && retiredMs === undefined) lines.push(['quiet', `${span(use.quietMs)} in which serve ran`]);
  if (verification) lines.push(['verified', verifiedWords(verification)]);
  if (latencyMs !== undefined) lines.push(['latency', `${latencyMs.toFixed(1)} ms`]);
  return [`source ${name}`, ...labelled(lines).map(indented), ...unplugLines(source, paint).map(indented)];
}

function indented(line: string): string {
  return `  ${line}`;
}

/** The first column to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function labelled(lines: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...lines.map(([label]) => label.length));
  return lines.flatMap(([label, text]) => wrapped(text, `${label.padEnd(width)}  `, ' '.repeat(width + 2)));
}

/** Broken between words; a word that is too long stands alone. */
function wrapped(text: string, first: string, later: string): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > columns - 2) {
      lines.push(line);
      line = later;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}

/** So long that the table keeps within its columns. */
function cut(name: string): string {
  return name.length > mostName ? `${name.slice(0, mostName - 1)}\u2026` : name;
}
