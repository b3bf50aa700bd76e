import { execFileSync } from 'node:child_process';
import { cpus, release } from 'node:os';
import type { Copied, Tree } from './copying.ts';
import type { MarkCost } from './mark-cost.ts';
import type { Effort, Served } from './serving.ts';
import type { Latency, Written } from './writing.ts';

export interface Results {
  readonly effort: Effort;
  readonly served: readonly Served[];
  readonly written: readonly Written[];
  /** What a PUT's marks cost by themselves. */
  readonly marks: readonly MarkCost[];
  /** Of each side in a round. */
  readonly puts: number;
  readonly copies: readonly Copies[];
}

/** A tree of files, and what it took to get it into a bucket. */
export interface Copies {
  readonly what: 'Copying' | 'Draining';
  readonly tree: Tree;
  readonly copied: readonly Copied[];
}

/** The results in Markdown. No date: they hold for these versions on this machine. */
export function report(results: Results): string {
  const { effort, served, written, copies } = results;
  const parts = ['# What Upstairs costs', machine()];
  if (served.length > 0) parts.push(serving(served, effort));
  if (written.length > 0) parts.push(writing(results));
  for (const one of copies) parts.push(copying(one));
  return `${parts.join('\n\n')}\n`;
}

function serving(served: readonly Served[], { rounds, seconds }: Effort): string {
  const rows = served.map(({ name, upstairs, nginx, spread }) => [
    name,
    whole(upstairs),
    whole(nginx),
    (upstairs / nginx).toFixed(2),
    `± ${whole(spread * 100)} %`,
  ]);
  return `## Serving

Requests answered for each second of CPU that the server used, its threads and processes together: the median of ${rounds} rounds of
${seconds} s a side, in turn, 32 connections. nginx does what instances did by hand: \`proxy_pass\` to the bucket, \`proxy_cache\` where it
says so, and \`error_page 403 404\` to the disk. Both write an access log.

${table(['', 'Upstairs', 'nginx', 'Upstairs / nginx', 'spread'], rows)}`;
}

function writing({ written, marks, effort, puts }: Results): string {
  const cell = ({ median, p95 }: Latency) => `${median.toFixed(1)} / ${p95.toFixed(1)}`;
  const rows = written.map(({ clients, direct, hosted, inMemory }) => [
    `100 kB PUT, ${clients === 1 ? 'one after the other' : `${clients} at once`}`,
    cell(direct),
    cell(hosted),
    (hosted.median / direct.median).toFixed(2),
    (hosted.median - direct.median).toFixed(1),
    cell(inMemory),
    `± ${whole(Math.max(direct.spread, hosted.spread) * 100)} %`,
  ]);
  const costs = marks.map(({ where, median, p95 }) => `${median.toFixed(2)} ms (p95 ${p95.toFixed(2)}) in ${where}`);
  return `## Writing

Milliseconds until a PUT is confirmed, median / p95 of ${whole(effort.rounds * puts)} on each side, in turn: straight into the bucket, and through the write
host, its durable marks included. The store and the client share one core, whichever the way.

${table(['', 'straight', 'write host', 'times', 'more', 'with its state in memory', 'spread'], rows)}

A PUT's two marks by themselves, one before it and one after it, each on the disk before anything goes on: ${costs.join(', ')}.`;
}

function copying({ what, copied, tree: { items, bytes } }: Copies): string {
  const rows = copied.map(({ name, filesPerSecond, cpuMsPerFile, readTimes, spread }) => [
    name,
    whole(filesPerSecond),
    cpuMsPerFile.toFixed(1),
    readTimes.toFixed(2),
    `± ${whole(spread * 100)} %`,
  ]);
  const included = {
    Copying: "Upstairs' CPU includes answering the viewers.",
    Draining: "Nobody looks at them. Upstairs' time and CPU include its scan and its start.",
  }[what];
  return `## ${what}

${whole(items.length)} files, ${whole(bytes / 1e6)} MB, from a disk into an empty bucket. ${included}

${table(['', 'files/s', 'CPU ms a file', 'read from the disk / size', 'spread'], rows)}`;
}

function machine(): string {
  const [cpu] = cpus();
  const facts = [
    `${cpus().length} cores (${cpu?.model.trim()}), one of them for the server`,
    `Linux ${release()}, loopback with an MTU of 1,500`,
    `Node ${process.versions.node}`,
    version('nginx', '-v', /nginx\/(\S+)/, 'nginx'),
    version('rclone', 'version', /rclone v(\S+)/, 'rclone'),
    version('radosgw', '--version', /version (\S+)/, 'the bucket: Ceph RGW'),
  ];
  return facts.map((fact) => `- ${fact}`).join('\n');
}

function version(command: string, flag: string, pattern: RegExp, name: string): string {
  const output = execFileSync('sh', ['-c', `${command} ${flag} 2>&1`], { encoding: 'utf8' });
  return `${name} ${pattern.exec(output)?.[1] ?? 'of unknown version'}`;
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
