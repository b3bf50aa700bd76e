import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterDeath } from './after-death.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { scratch } from './scratch.ts';

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Seconds since 1970, and the number as text. */
  readonly value: readonly [number, string];
}

export interface RuleState {
  readonly name: string;
  readonly type: 'alerting' | 'recording';
  readonly health: string;
  readonly lastError?: string;
}

export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: string;
}

/** A real Prometheus, running. */
export interface Prometheus {
  /** What an expression gives now. Throws what Prometheus says is wrong with it. */
  query(expr: string): Promise<readonly Series[]>;
  rules(): Promise<readonly RuleState[]>;
  alerts(): Promise<readonly Alert[]>;
  /** Type and help of every metric that was scraped, by its name. */
  metadata(): Promise<Readonly<Record<string, readonly { type: string; help: string }[]>>>;
  stop(): Promise<void>;
}

/** A configuration that scrapes these as the job "upstairs" every second. */
export function everySecond(targets: readonly string[], rules: string): object {
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: [rules],
    scrape_configs: [{ job_name: 'upstairs', static_configs: [{ targets }] }],
  };
}

/** Starts Debian's prometheus, with a configuration as it would stand in its file: `needs('prometheus')`. */
export async function startPrometheus(config: object): Promise<Prometheus> {
  const dir = scratch('prometheus');
  const port = await freePort();
  const file = join(dir, 'prometheus.yml');
  writeFileSync(file, stringify(config));
  const args = [`--config.file=${file}`, `--storage.tsdb.path=${join(dir, 'data')}`, '--log.level=warn'];
  const child = spawn('prometheus', [...args, `--web.listen-address=127.0.0.1:${port}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const spare = afterDeath('kill -KILL "$1"', String(child.pid));
  const exited = once(child, 'exit');
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ask = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const { status, data, error } = (await answer.json()) as { status: string; data: T; error?: string };
    if (status !== 'success') throw new Error(`${decodeURIComponent(path)}: ${error}`);
    return data;
  };
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
    spare();
  };
  const ready = async () => child.exitCode !== null || (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok;
  try {
    await eventually(ready, { withinMs: 30_000, everyMs: 100 });
    if (child.exitCode !== null) throw new Error('it ended');
  } catch (cause) {
    await stop();
    throw new Error(`Prometheus did not start:\n${said}`, { cause });
  }
  return {
    query: async (expr) => (await ask<{ result: Series[] }>(`query?query=${encodeURIComponent(expr)}`)).result,
    rules: async () => (await ask<{ groups: { rules: RuleState[] }[] }>('rules')).groups.flatMap(({ rules }) => rules),
    alerts: async () => (await ask<{ alerts: Alert[] }>('alerts')).alerts,
    metadata: () => ask('metadata'),
    stop,
  };
}
