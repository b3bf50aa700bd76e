import { decimalSeconds } from '../lib/decimal-seconds.ts';
import { bytesInWords, durationInWords } from '../lib/quantity-words.ts';
import type { Noted } from './outcome.ts';
import { printedKey } from './printed-key.ts';
import { isClean, modeOf, type Proof } from './proof.ts';
import { columns } from './tally.ts';
import { blindSpots, columnWords, exceptedWords, hiddenWords, reasonWords } from './words.ts';

/** The page that a person keeps, in Markdown, line by line: it may name millions of keys. */
export async function* reportLines(proof: Proof, noted: () => AsyncIterable<Noted>): AsyncGenerator<string> {
  yield* verdictLines(proof);
  yield* countLines(proof);
  yield* foundationLines(proof);
  yield '';
  yield '## What this cannot find';
  yield '';
  for (const line of blindSpots(proof.ways)) yield `- ${line}`;
  yield* notedLines('Exceptions', 'None.', noted, (one) => one.excepted === undefined && one.sign !== '-');
  yield* notedLines('Excepted', 'None.', noted, (one) => one.excepted !== undefined);
  yield* notedLines(
    'Only in the bucket, and below at the scan',
    'None.',
    noted,
    (one) => one.excepted === undefined && one.sign === '-',
  );
}

function* verdictLines(proof: Proof): Generator<string> {
  const { sources, leftOut, exceptions, beganMs, endedMs, changedMeanwhile } = proof;
  const clean = isClean(proof);
  yield '# Verification of a move upstairs';
  yield '';
  yield clean
    ? `**Clean.** Every file of ${named(sources)} is in the bucket and equal, or excepted below, as far as this way of looking can tell.`
    : `**Not clean.** ${exceptions} exceptions; each is named below.`;
  yield '';
  yield `- From ${when(beganMs)} to ${when(endedMs)}.`;
  yield `- Mode: ${modeWords(proof)}`;
  if (leftOut.length > 0) yield `- Not looked at: ${named(leftOut)}.`;
  if (changedMeanwhile > 0)
    yield `- ${changedMeanwhile} keys did not look right at first, and did when they were looked at again: copies and changes went on meanwhile.`;
}

function* countLines({ tally, acknowledged }: Proof): Generator<string> {
  yield '';
  yield '## Files and bytes';
  yield '';
  yield `| class | ${columns.map((column) => `${columnWords[column]}${column.length === 1 ? ` \`${column}\`` : ''}`).join(' | ')} |`;
  yield `| --- |${' ---: |'.repeat(columns.length)}`;
  for (const [name, amounts] of [...tally.rows(), ['all', tally.total()] as const])
    yield `| ${name} | ${columns.map((column) => cell(amounts[column])).join(' | ')} |`;
  yield '';
  for (const [why, count] of Object.entries(tally.excepted))
    yield `- ${count} ${exceptedWords[why as keyof typeof exceptedWords]}`;
  for (const [why, count] of Object.entries(tally.hidden))
    yield `- ${count} ${hiddenWords[why as keyof typeof hiddenWords]}: counted above as what they are`;
  if (acknowledged.given > 0) yield `- ${acknowledged.given} names in the acknowledged list`;
  for (const key of acknowledged.unused) yield `  - of no exception: ${code(printedKey(key))}`;
}

function* foundationLines(proof: Proof): Generator<string> {
  const { scans, listing, uses, endedMs, about, stateHash, read } = proof;
  yield '';
  yield '## What it rests on';
  yield '';
  for (const { source, by, beganMs, endedMs: scanEndedMs, files, bytes, findings } of scans)
    yield `- Scan of ${source} (${by}), ${when(beganMs)} to ${when(scanEndedMs)}: ${files} files, ${bytes} bytes, ${findings} findings.`;
  yield `- Listing of the bucket, ${when(listing.beganMs)} to ${when(listing.endedMs)}: ${listing.objects} objects, ${listing.bytes} bytes.`;
  if (read.objects > 0 || read.fileBytes > 0)
    yield `- Read again: ${read.objects} objects (${read.objectBytes} bytes), ${read.fileBytes} bytes from the sources.`;
  for (const { source, watchedMs, lastMs } of uses)
    yield watchedMs === undefined
      ? `- ${source}: when it last answered a reader is not known.`
      : lastMs === undefined
        ? `- ${source} has answered no reader since ${when(watchedMs)} (${durationInWords(endedMs - watchedMs)}).`
        : `- ${source} last answered a reader ${when(lastMs)} (${durationInWords(endedMs - lastMs)} before the end).`;
  yield `- Bucket ${code(about.bucket)} at ${code(about.endpoint)}, ledger ${code(about.ledger)}.`;
  yield `- Upstairs ${about.version}, Node ${about.node}, configuration ${code(about.configFingerprint)}.`;
  yield `- State: ${code(stateHash)} (SHA-256 over sign, exception, source, size, MD5 and key of each).`;
}

async function* notedLines(
  title: string,
  none: string,
  noted: () => AsyncIterable<Noted>,
  isOne: (one: Noted) => boolean,
): AsyncGenerator<string> {
  yield '';
  yield `## ${title}`;
  yield '';
  let some = false;
  for await (const one of noted()) {
    if (!isOne(one)) continue;
    some = true;
    yield notedLine(one);
  }
  if (!some) yield none;
}

function notedLine({ key, source, sign, reason, detail, excepted, hidden, size, mtimeUs }: Noted): string {
  const facts = [
    source,
    `${size} bytes`,
    mtimeUs === undefined ? undefined : `mtime ${decimalSeconds(BigInt(mtimeUs) * 1000n)}`,
    hidden && hiddenWords[hidden].replace('their', 'its'),
  ].filter((fact) => fact !== undefined);
  const why = [
    excepted && exceptedWords[excepted],
    reason && reasonWords[reason],
    detail === undefined || detail === '' ? undefined : printedDetail(detail),
  ].filter((text) => text !== undefined);
  return `- \`${sign}\` ${code(printedKey(key))}: ${why.join('; ')} (${facts.join(', ')})`;
}

function modeWords({ ways, seed, read }: Proof): string {
  const mode = modeOf(ways);
  if (mode === 'recorded') return 'recorded: the ledger against scan and listing; no bytes were moved.';
  const sample =
    ways.percent === 0 ? '' : `${ways.percent} % of the objects were read again and hashed (seed ${code(seed)})`;
  const disks = ways.source ? `the files were read again and hashed, ${bytesInWords(read.fileBytes)} of them` : '';
  return `${mode}: ${[disks, sample].filter((part) => part !== '').join(', and ')}.`;
}

/** What a store or a disk said, on one line, and no Markdown. */
function printedDetail(detail: string): string {
  return code(printedKey(detail));
}

/** A text that may hold backquotes, as code (CommonMark 6.1). */
function code(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${text}${fence}` : `${fence} ${text} ${fence}`;
}

function cell({ files, bytes }: { readonly files: number; readonly bytes: number }): string {
  return files === 0 ? '0' : `${files} (${bytes} B)`;
}

function named(names: readonly string[]): string {
  return names.join(', ');
}

function when(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
