import { bytesInWords } from '../lib/quantity-words.ts';
import type { Noted } from './outcome.ts';
import { printedKey } from './printed-key.ts';
import { isClean, modeOf, type Proof, verificationOf } from './proof.ts';
import { columns } from './tally.ts';
import { blindSpots, columnWords, exceptedWords, reasonWords } from './words.ts';

/** Exceptions that the summary names; the report has all of them. */
const mostNamed = 20;

/** Says by a colour how it stands, or leaves a text as it is. */
export type Paint = (mood: 'good' | 'bad', text: string) => string;

/** What the command says on the screen, line by line. */
export async function* summaryLines(proof: Proof, noted: AsyncIterable<Noted>, paint: Paint): AsyncGenerator<string> {
  const { tally, exceptions, keys, sources, changedMeanwhile, acknowledged, ways, seed } = proof;
  yield* table(proof);
  yield '';
  for (const [why, count] of Object.entries(tally.excepted))
    if (count > 0) yield `${count} ${exceptedWords[why as keyof typeof exceptedWords]}`;
  const { mark, prefix, mode } = tally.hidden;
  if (mark + prefix + mode > 0)
    yield `${mark + prefix + mode} are private: ${mark} by mark, ${prefix} by prefix, ${mode} by the mode of their file`;
  if (changedMeanwhile > 0) yield `${changedMeanwhile} changed while this ran, and are right now`;
  for (const key of acknowledged.unused) yield `acknowledged, and of no exception: ${printedKey(key)}`;
  if (ways.percent > 0 && ways.percent < 100) yield `sample: ${ways.percent} %, seed ${seed}`;
  let named = 0;
  for await (const { key, sign, reason, detail, excepted } of noted) {
    if (excepted !== undefined || sign === '-') continue;
    if (named === mostNamed) {
      yield `… and ${exceptions - named} more: --report names all of them`;
      break;
    }
    named += 1;
    yield `${sign} ${printedKey(key)}: ${reason && reasonWords[reason]}${detail ? ` (${printedKey(detail)})` : ''}`;
  }
  yield isClean(proof)
    ? `${paint('good', 'clean')}: ${keys} keys of ${sources.join(', ')}; everything below is in the bucket and equal, or excepted, as far as ${modeOf(ways)} can tell`
    : `${paint('bad', 'not clean')}: ${exceptions} exceptions among ${keys} keys of ${sources.join(', ')}`;
}

/** One object; the exceptions, which may be many, are its last part. In pieces, to be written as they come. */
export async function* jsonPieces(proof: Proof, noted: AsyncIterable<Noted>): AsyncGenerator<string> {
  const { tally, scans, listing, uses, about, acknowledged, read, changedMeanwhile, seed, leftOut, keys } = proof;
  const { newsMs: _, ...result } = verificationOf(proof);
  const head = {
    ...result,
    keys,
    exceptions: proof.exceptions,
    changedMeanwhile,
    seed,
    leftOut,
    classes: Object.fromEntries(tally.rows()),
    excepted: tally.excepted,
    private: tally.hidden,
    acknowledged,
    read,
    scans,
    listing,
    uses,
    cannotFind: blindSpots(proof.ways),
    about,
  };
  yield `${JSON.stringify(head, null, 2).replace(/\n}$/, '')},\n  "noted": [`;
  let first = true;
  for await (const one of noted) {
    yield `${first ? '' : ','}\n    ${JSON.stringify(one)}`;
    first = false;
  }
  yield first ? ']\n}\n' : '\n  ]\n}\n';
}

function* table({ tally }: Proof): Generator<string> {
  const rows = [
    ['', ...columns.map((column) => (column.length === 1 ? `${column} ${columnWords[column]}` : columnWords[column]))],
    ...[...tally.rows(), ['all', tally.total()] as const].map(([name, amounts]) => [
      name,
      ...columns.map((column) => {
        const { files, bytes } = amounts[column];
        return files === 0 ? '0' : `${files} (${bytesInWords(bytes)})`;
      }),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows)
    yield row
      .map((text, column) => (column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)))
      .join('  ');
}
