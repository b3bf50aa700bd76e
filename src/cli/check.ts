import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { loadConfig } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import type { Config } from '../config/schema.ts';
import { error, type Finding, type Level, worstOf } from '../doctor/finding.ts';
import { problemFinding } from '../doctor/places.ts';
import { reportJson, reportText } from '../doctor/report-text.ts';
import { type ReadFile, secretFiles } from '../doctor/secret-files.ts';
import type { Look, Seen } from './check-machine.ts';
import { colouredOutput } from './colour.ts';
import { endWith } from './exit-codes.ts';

export interface CheckOptions {
  readonly config: string;
  readonly json?: true;
  readonly verbose?: true;
  /** How many existing objects of the bucket are looked at. */
  readonly sample: number;
}

/** Threads of libuv's pool for each directory that may hang: more than the doctor has operations on one. */
const threadsPerPlace = 4;
/** Threads beside those: for DNS and files. */
const spareThreads = 16;
/** Beside this file, whether that is the source or was built. */
const program = new URL(import.meta.url.replace(/check(\.[jt]s)$/, 'check-machine$1'));
/** More than all areas have together that wait for each other, in milliseconds. */
const limitMs = 180_000;
/** How long what was broken off may take to tidy up and to tell what it has, in milliseconds. */
const tidyMs = 8000;
const moods = { ok: 'good', warning: 'doubtful', error: 'bad' } as const;
const exits = { ok: 'done', warning: 'notGood', error: 'failed' } as const;
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * `upstairs check`: looks at bucket, sources, state, hosts and certificates, and says what is wrong and what to do, a line each. Works
 * beside a running `serve`. Ends with 0 (nothing is wrong), 1 (errors) or 2 (warnings only), within three minutes. Broken off, it says what it
 * found so far, takes away what it wrote into the bucket, and ends by the signal.
 */
export async function check(options: CheckOptions): Promise<void> {
  const files: ReadFile[] = [];
  const readFile = (path: string) => {
    const text = readFileSync(path, 'utf8');
    files.push({ path, isConfig: path === options.config, text });
    return text;
  };
  let findings: readonly Finding[];
  let endedBy: NodeJS.Signals | undefined;
  try {
    const { config } = loadConfig(options.config, { env: process.env, environment: false, readFile });
    ({ findings, endedBy } = await lookedAt(options, config));
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    findings = cause.problems.map(problemFinding);
  }
  const all = [...secretFiles(files), ...findings];
  const paint = (level: Level, text: string) => colouredOutput(moods[level], text);
  const text = options.json ? reportJson(all) : reportText(all, { verbose: options.verbose ?? false, paint });
  process.stdout.write(text);
  endWith(exits[worstOf(all)]);
  if (endedBy !== undefined) process.kill(process.pid, endedBy);
}

interface LookedAt {
  readonly findings: readonly Finding[];
  readonly endedBy?: NodeJS.Signals;
}

/**
 * Looks in a process of its own: one that has a read on a hung disk cannot end before the disk answers, not even when it is killed. It
 * holds nothing of ours, least of all the terminal.
 */
async function lookedAt({ config: file, sample }: CheckOptions, { sources }: Config): Promise<LookedAt> {
  // libuv reads it once: hung operations would take its four threads, and names would not be resolved any more.
  const links = sources.reduce((sum, source) => sum + ('alsoAllow' in source ? (source.alsoAllow?.length ?? 0) : 0), 0);
  const UV_THREADPOOL_SIZE = String((sources.length + links + 1) * threadsPerPlace + spareThreads);
  const looker = fork(program, {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, UV_THREADPOOL_SIZE },
  });
  const look: Look = { config: file, sample };
  looker.send(look);
  const { promise, resolve } = Promise.withResolvers<Seen>();
  let why: string | undefined;
  let endedBy: NodeJS.Signals | undefined;
  const breakOff = (reason: string) => {
    why ??= reason;
    looker.kill('SIGTERM');
    setTimeout(() => resolve({ broken: reason }), tidyMs).unref();
  };
  const timer = setTimeout(() => breakOff(`it did not end within ${limitMs / 1000} s`), limitMs);
  const onEnding = (signal: NodeJS.Signals) => {
    endedBy ??= signal;
    breakOff(`it was ended by ${signal}`);
  };
  for (const signal of endings) process.on(signal, onEnding);
  looker.once('message', (seen) => resolve(seen as Seen));
  looker.once('error', ({ message }) => resolve({ broken: message }));
  looker.once('exit', (code, signal) => resolve({ broken: `it ended with ${code ?? signal}` }));
  const seen = await promise;
  clearTimeout(timer);
  looker.kill('SIGKILL');
  if (looker.connected) looker.disconnect();
  looker.unref();
  for (const signal of endings) process.off(signal, onEnding);
  const found = 'findings' in seen ? seen.findings : [];
  const broken = why ?? ('broken' in seen ? seen.broken : undefined);
  const findings = broken === undefined ? found : [...found, brokenOff(broken, endedBy !== undefined)];
  return { findings, ...(endedBy && { endedBy }) };
}

function brokenOff(why: string, onPurpose: boolean): Finding {
  const todo = onPurpose ? 'check again' : 'check again; if it stays like that, please report it';
  return error('check', `the check itself broke off: ${why}`, 'findings', todo);
}
