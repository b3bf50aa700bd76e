import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { type Order, orders } from './order/orders.ts';
import { makeTrace, type Trace } from './order/trace.ts';

/** After these shares of the bytes. */
const marks = [1, 2, 5, 10, 20, 50];
/** One trace says more of its dozen hottest files than of an order: several of each kind, and their mean. */
const seeds = [1, 2, 3, 4, 5];
const size = { files: 20_000, requests: 200_000 };

const { write } = new Command('npm run bench:order --')
  .description('Compares orders of copying: how many requests the bucket can answer after how many of the bytes.')
  .option('--write', 'keep the results in bench/ORDER.md', false)
  .allowExcessArguments(false)
  .parse()
  .opts<{ write: boolean }>();

const kinds = [
  { name: 'Neither names nor ages say anything', ages: 'nothing' },
  { name: 'What is new is asked for more', ages: 'slowly' },
  { name: 'Four of ten requests are for what came in the last weeks', ages: 'fast' },
] as const;
const parts: string[] = [];
for (const { name, ages } of kinds) {
  const traces = seeds.map((seed) => makeTrace({ ...size, seed, ages }));
  parts.push(`## ${name}\n\n${await table(traces)}`);
}
const text = `# Which order brings readers upstairs

Requests that the bucket can answer, in percent, after so many percent of all bytes went up: the mean of ${seeds.length} traces from fixed seeds, each of
${whole(size.files)} files in Mastodon's layout and ${whole(size.requests)} requests of Zipf's popularity, spread over the files (\`bench/order/trace.ts\`). What an order
may know is the first half of the requests; what is counted is the second half, and for orders that know no requests the mean of 40 other draws.

${parts.join('\n\n')}

"Plain read-through" copies what is asked for, and nothing else. "The best possible" knows the second half. Upstairs' rows come from the
plan as the backfill takes it, its bound on waiting included: of sixteen bytes one is for what stands first in the order of keys.

Without a log Upstairs goes by size, by age and by what a file is. Where neither age nor name says anything that costs up to two points beside
"smallest first"; where age says something it is ahead of it all the way. What readers ask for
is counted, and a plan is made anew each hour at most: without a log to import, this is the order of the first hour.
In the second kind of traces a file is asked for half as often at a week as when it was new, and a tenth as often at two months: as the order expects it. The third
does not go by what the order expects.
`;
console.log(text);
if (write) writeFileSync(new URL('ORDER.md', import.meta.url), text);

async function table(traces: readonly Trace[]): Promise<string> {
  const rows: string[][] = [];
  for (const order of orders) {
    const each: number[][] = [];
    for (const trace of traces) each.push(await shares(order, trace));
    const mean = (at: number) => each.reduce((sum, one) => sum + one[at]!, 0) / each.length;
    rows.push([order.name, ...marks.map((_, at) => String(Math.round(mean(at) * 100)))]);
  }
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const head = ['', ...marks.map((mark) => `${mark} %`)];
  return [line(head), line(head.map((_, at) => (at === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}

/** Of the second half's requests, those for files that are up, at each mark. */
async function shares(order: Order, trace: Trace): Promise<number[]> {
  const places = new Map(trace.files.map((file, n) => [file, n]));
  const files = (await order.of(trace)).map((file) => places.get(file)!);
  if (!order.blind) return answered(files, trace, counted(trace));
  const each = trace.otherwise.map((weights) => answered(files, trace, weights));
  return marks.map((_, at) => each.reduce((sum, one) => sum + one[at]!, 0) / each.length);
}

function counted({ files, second }: Trace): number[] {
  const requests = files.map(() => 0);
  for (const n of second) requests[n]! += 1;
  return requests;
}

function answered(order: readonly number[], { files }: Trace, requests: readonly number[]): number[] {
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const all = requests.reduce((sum, one) => sum + one, 0);
  return marks.map((mark) => {
    let [bytes, up] = [0, 0];
    for (const n of order) {
      bytes += files[n]!.size;
      if (bytes > (total * mark) / 100) break;
      up += requests[n]!;
    }
    return up / all;
  });
}

function whole(value: number): string {
  return value.toLocaleString('en');
}
