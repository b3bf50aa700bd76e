import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { scratch } from '../test/support/scratch.ts';
import { cpuSeconds } from './cpu.ts';
import type { Server } from './server.ts';

const run = promisify(execFile);

/** Readers who ask at once. */
const connections = 32;

export interface Ask {
  readonly key: string;
  /** `bytes=FIRST-LAST`. */
  readonly range?: string;
}

/** Requests that the server answered for each second of CPU it used, while 32 readers ask in turn for `asks`. */
export async function requestsPerCpuSecond(server: Server, asks: readonly Ask[], seconds: number): Promise<number> {
  const before = cpuSeconds(server.pid);
  const told = await load(server, asks, seconds, connections);
  const used = cpuSeconds(server.pid) - before;
  return numberIn(told, /(\d+) requests in/) / used;
}

/** Milliseconds that 95 of 100 answers took no longer than, while so many readers ask in turn for `asks`. */
export async function p95Ms(server: Server, asks: readonly Ask[], seconds: number, readers: number): Promise<number> {
  return numberIn(await load(server, asks, seconds, readers), /^p95 (\d+)$/m) / 1000;
}

async function load(server: Server, asks: readonly Ask[], seconds: number, readers: number): Promise<string> {
  const script = join(scratch('load'), 'asks.lua');
  writeFileSync(script, lua(asks));
  const args = ['-t1', `-c${readers}`, `-d${seconds}s`, '--timeout', '10s', '-s', script, server.url];
  const { stdout } = await run('wrk', args);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`some answers were errors:\n${stdout}`);
  return stdout;
}

function numberIn(told: string, pattern: RegExp): number {
  const [, number] = pattern.exec(told) ?? [];
  if (number === undefined) throw new Error(`wrk did not say ${pattern}:\n${told}`);
  return Number(number);
}

/** wrk's script: every request is written once and sent again and again. */
function lua(asks: readonly Ask[]): string {
  const lines = asks.map(({ key, range }) => {
    const headers = `Host = "files.test"${range ? `, Range = "${range}"` : ''}`;
    return `  wrk.format("GET", "/${key}", { ${headers} }),`;
  });
  return `
local asks, n
function init()
  asks, n = {
${lines.join('\n')}
  }, 0
end
function request()
  n = n % #asks + 1
  return asks[n]
end
function done(_, latency)
  io.write(string.format("p95 %d\\n", latency:percentile(95)))
end
`;
}
