import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Agent, type Dispatcher } from 'undici';
import { stringify } from 'yaml';
import { afterDeath } from './after-death.ts';
import type { PlainConfig } from './base-config.ts';
import { MetricsText } from './metrics-text.ts';
import { programEnv } from './program-env.ts';
import { scratch } from './scratch.ts';

export { baseConfig } from './base-config.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** A line of the log. */
export type LogLine = { event?: string; level?: number | string; msg?: string } & Record<string, unknown>;

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  text: string;
}

export interface Ask {
  method?: Dispatcher.HttpMethod;
  headers?: Record<string, string>;
  /** What stands in the Host header. Default: files.test. */
  host?: string;
  signal?: AbortSignal;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** The real program, running. */
export interface Upstairs extends AsyncDisposable {
  /** http://127.0.0.1:PORT of the readers' listener and of the admin listener. */
  readUrl: string;
  adminUrl: string;
  /** Of the write host; undefined where none is configured. */
  writeUrl: string | undefined;
  /** Of the app host; undefined where none is configured. */
  appUrl: string | undefined;
  pid: number;
  /** Asks the readers' listener and takes the whole answer. The path goes out as it stands, dots included. */
  get(path: string, ask?: Ask): Promise<Answer>;
  /** The same, with the body still to come: for readers who are slow or leave. */
  open(path: string, ask?: Ask): Promise<Dispatcher.ResponseData>;
  /** Asks the admin listener. */
  admin(path: string): Promise<Answer>;
  metrics(): Promise<MetricsText>;
  /** Sum of the samples that have these labels; 0 if there are none. */
  metric(name: string, labels?: Record<string, string>): Promise<number>;
  /** All lines logged so far. It grows. */
  logs: LogLine[];
  /** What was printed that is no log line, standard error included. */
  output(): string;
  /** Sends a signal and waits for the end. */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
  exited: Promise<Exit>;
  /** Ends it at once, whatever it does. To be called after every test; a second time does nothing. */
  dispose(): Promise<void>;
}

interface Start {
  /** Plain or YAML. */
  config: PlainConfig | string;
  /** Added to an environment of nothing but PATH, HOME and TMPDIR. */
  env?: Record<string, string>;
  /** The file to run and what comes before `serve`. */
  program?: string[];
  /** Options of `serve`. */
  args?: string[];
}

/** Starts `upstairs serve` and waits until it says that it is ready. If it ends before, the error has its output. */
export async function startUpstairs({
  config,
  env = {},
  program: run = [program],
  args = [],
}: Start): Promise<Upstairs> {
  const file = join(scratch('upstairs'), 'upstairs.yaml');
  writeFileSync(file, typeof config === 'string' ? config : stringify(config));
  const child = spawn(execPath, [...run, 'serve', '-c', file, ...args], {
    env: { ...programEnv, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const spare = afterDeath('kill -KILL "$1"', String(child.pid));
  const logs: LogLine[] = [];
  let other = '';
  const ready = listen(child, logs, (text) => {
    other += `${text}\n`;
  });
  const exited = once(child, 'exit').then(([code, signal]): Exit => ({ code, signal }));
  const agent = new Agent({ pipelining: 1 });

  const dispose = async () => {
    child.kill('SIGKILL');
    // A process with a read on a hung disk ends only when the disk answers: do not wait for ever.
    await Promise.race([exited, sleep(5000, undefined, { ref: false })]);
    spare();
    await agent.destroy();
  };
  const began = await Promise.race([ready, exited, sleep(20_000, undefined, { ref: false })]);
  if (began === undefined || !('read' in began)) {
    await dispose();
    const why = began === undefined ? 'did not become ready' : `ended with ${began.code ?? began.signal}`;
    throw new Error(`upstairs ${why}:\n${other}${logs.map((line) => JSON.stringify(line)).join('\n')}`);
  }

  const readUrl = `http://127.0.0.1:${began.read}`;
  const adminUrl = `http://127.0.0.1:${began.admin}`;
  const writeUrl = began.write > 0 ? `http://127.0.0.1:${began.write}` : undefined;
  const appUrl = began.app > 0 ? `http://127.0.0.1:${began.app}` : undefined;
  const open: Upstairs['open'] = (path, { method = 'GET', headers = {}, host = 'files.test', signal } = {}) =>
    agent.request({ origin: readUrl, path, method, headers: { host, ...headers }, ...(signal && { signal }) });
  const admin: Upstairs['admin'] = async (path) =>
    whole(await agent.request({ origin: adminUrl, path, method: 'GET' }));
  const metrics = async () => new MetricsText((await admin('/metrics')).text);
  return {
    readUrl,
    adminUrl,
    writeUrl,
    appUrl,
    pid: child.pid ?? 0,
    open,
    admin,
    metrics,
    get: async (path, ask) => whole(await open(path, ask)),
    metric: async (name, labels) => (await metrics()).value(name, labels) ?? 0,
    logs,
    output: () => other,
    kill(signal = 'SIGTERM') {
      child.kill(signal);
      return exited;
    },
    exited,
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Sorts the output into log lines and the rest; resolves with the ports when the program is ready. */
function listen(
  child: ChildProcess,
  logs: LogLine[],
  other: (text: string) => void,
): Promise<{ read: number; admin: number; write: number; app: number }> {
  const ports = { read: 0, admin: 0, write: 0, app: 0 };
  createInterface({ input: child.stderr! }).on('line', other);
  return new Promise((ready) => {
    createInterface({ input: child.stdout! }).on('line', (text) => {
      const line = parsed(text);
      if (line === undefined) return other(text);
      logs.push(line);
      if (line.event === 'listening') ports[line.listener as keyof typeof ports] = line.port as number;
      if (line.event === 'ready') ready(ports);
    });
  });
}

function parsed(text: string): LogLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === 'object' && line !== null ? (line as LogLine) : undefined;
  } catch {
    return undefined;
  }
}

async function whole(answer: Dispatcher.ResponseData): Promise<Answer> {
  const body = Buffer.from(await answer.body.arrayBuffer());
  return { status: answer.statusCode, headers: answer.headers, body, text: body.toString() };
}
