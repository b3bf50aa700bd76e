import { execFileSync } from 'node:child_process';
import { cpus, release } from 'node:os';
import type { Copied, Tree } from './copying.ts';
import type { Effort, Served } from './serving.ts';

export interface Results {
  readonly effort: Effort;
  readonly served: readonly Served[];
  readonly copied: readonly Copied[];
  readonly tree: Tree | undefined;
}

/** The results in Markdown. No date: they hold for these versions on this machine. */
export function report({ effort, served, copied, tree }: Results): string {
  const parts = ['# What Upstairs costs', machine()];
  if (served.length > 0) parts.push(serving(served, effort));
  if (tree) parts.push(copying(copied, tree));
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

function copying(copied: readonly Copied[], { items, bytes }: Tree): string {
  const rows = copied.map(({ name, filesPerSecond, cpuMsPerFile, readTimes, spread }) => [
    name,
    whole(filesPerSecond),
    cpuMsPerFile.toFixed(1),
    readTimes.toFixed(2),
    `± ${whole(spread * 100)} %`,
  ]);
  return `## Copying

${whole(items.length)} files, ${whole(bytes / 1e6)} MB, from a disk into an empty bucket. Upstairs' CPU includes answering the viewers.

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
