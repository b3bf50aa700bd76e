import { join } from 'node:path';
import { retiredIn } from '../app/wire-proof.ts';
import { type ScanTold, scanApart } from '../backfill/scan-process.ts';
import type { ScanResult } from '../backfill/scan-result.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { SourceUnknownError } from '../config/source-name.ts';
import type { SourceConfig } from '../config/sources-schema.ts';
import { manifestCommand } from '../sources/source-listing.ts';
import { CommandError } from './command-error.ts';
import { type ExitName, endWith } from './exit-codes.ts';
import { scanSources, scanThreads } from './scan-program.ts';
import { ScanProgressLine } from './scan-progress.ts';
import { reportJson, reportText } from './scan-text.ts';

export interface ScanCommand {
  readonly config: string;
  readonly source?: string;
  readonly manifest: string | undefined;
  readonly rate: number | undefined;
  readonly fresh?: true;
  readonly json?: true;
}

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * `upstairs scan`: looks through the sources and records their files in files.db, beside a running `serve` or without one. Exit code 0: all
 * of it was looked at, and all are files that can move; 2: the same, with findings; 1: it did not come to its end: run again, it goes on.
 * @throws CommandError SCAN_RUNNING, STATE_UNUSABLE, SOURCE_UNKNOWN, MANIFEST_NEEDED, FILE_UNREADABLE
 */
export async function scan(options: ScanCommand): Promise<void> {
  const { config } = loadConfig(options.config, { env: process.env, environment: false });
  const sources = chosen(config, options);
  const line = new ScanProgressLine();
  const results: ScanResult[] = [];
  const told = (what: ScanTold) => {
    if ('progress' in what) line.show(what.progress);
    if (!('result' in what)) return;
    line.end();
    results.push(what.result);
    if (!options.json) process.stdout.write(reportText(what.result));
  };
  const stop = new AbortController();
  const end = () => stop.abort();
  for (const signal of endings) process.on(signal, end);
  try {
    await scanApart({
      program: scanSources,
      job: {
        config: options.config,
        manifest: options.manifest,
        rate: options.rate,
        sources: sources.map(({ name }) => name),
        fresh: options.fresh ?? false,
      },
      threads: scanThreads(sources),
      env: process.env,
      lowPriority: false,
      signal: stop.signal,
      told,
    });
  } finally {
    line.end();
    for (const signal of endings) process.off(signal, end);
  }
  if (options.json) process.stdout.write(reportJson(results));
  endWith(exitOf(results, sources.length));
}

/** The sources that are to be scanned: the one that was named, or all in use that are on this machine. */
function chosen({ sources, state }: Config, { source: name, manifest }: ScanCommand): readonly SourceConfig[] {
  const retired = retiredIn(join(state.dir, 'ledger.db'));
  const names = sources.map((source) => source.name);
  if (name === undefined) {
    if (manifest === undefined) return disksOf(sources.filter((source) => !retired.has(source.name)));
    if (sources.length === 1) return sources;
    throw new CommandError('SOURCE_UNCLEAR', {
      found: 'a manifest was given, and there are several sources',
      expected: `the name of its source: one of ${names.join(', ')}`,
      todo: 'add --source NAME',
    });
  }
  const source = sources.find((one) => one.name === name);
  if (source === undefined) throw new SourceUnknownError(name, names);
  if (source.type !== 'disk' && manifest === undefined) throw needsManifest([source]);
  return [source];
}

function disksOf(sources: readonly SourceConfig[]): SourceConfig[] {
  const disks = sources.filter(({ type }) => type === 'disk');
  const others = sources.filter(({ type }) => type !== 'disk');
  if (disks.length === 0 && others.length > 0) throw needsManifest(others);
  if (disks.length === 0)
    throw new CommandError('SOURCE_UNCLEAR', {
      found: 'every source is retired, and there is nothing to scan',
      expected: 'a source that is in use',
      todo: 'name one all the same with --source NAME, or bring it back: upstairs retire NAME --undo',
    });
  if (others.length > 0) process.stderr.write(`note: ${needsManifest(others).message}\n`);
  return disks;
}

function needsManifest(sources: readonly SourceConfig[]): CommandError {
  const names = sources.map(({ name }) => name).join(', ');
  return new CommandError('MANIFEST_NEEDED', {
    found: `not on this machine: ${names}`,
    expected: 'a manifest of what is there',
    todo: `run there, in public/system: ${manifestCommand} > manifest, bring the file here, and give it with --source NAME --manifest FILE (or - for standard input)`,
  });
}

function exitOf(results: readonly ScanResult[], sources: number): ExitName {
  if (results.length < sources || results.some(({ whole }) => !whole)) return 'failed';
  return results.some(({ record }) => record !== undefined && record.findings > 0) ? 'notGood' : 'done';
}
