import { setTimeout as sleep } from 'node:timers/promises';
import { openState, type StateView } from '../app/wire-status.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { SourceUnknownError } from '../config/source-name.ts';
import { parseDuration } from '../config/units.ts';
import type { SourceStatus } from '../status/status.ts';
import { unplugLines } from '../status/status-text.ts';
import { colouredOutput } from './colour.ts';
import { CommandError } from './command-error.ts';
import { endWith } from './exit-codes.ts';
import { ledgerFile } from './ledger-file.ts';
import { servingStatus } from './serving-status.ts';

export interface RetireCommand {
  readonly source: string;
  readonly config: string;
  readonly yes?: boolean;
  readonly undo?: boolean;
  readonly json?: boolean;
  /** As in the configuration, instead of `retire.quiet`. */
  readonly window?: string;
}

/** What a running `serve` did about it: it looks every two seconds. */
type Serving = 'follows' | 'does-not-answer';

/** How long a running `serve` gets to follow, in milliseconds. */
const followMs = 10_000;
const lookMs = 250;

/**
 * `upstairs retire`: takes a source out of the read path, if everything of it is proven to be in the bucket and no reader has needed it for a
 * while; `undo` brings it back. Works beside a running `serve`, which follows within seconds, and without one. Exit code 0: done, or, without
 * `yes`, it could be; 2: refused, with every reason.
 * @throws SourceUnknownError; CommandError NO_STATE, WRONG_DURATION
 */
export async function retire(options: RetireCommand): Promise<void> {
  const window = windowMs(options.window);
  const { config } = loadConfig(options.config, { env: process.env, environment: false });
  const { source } = options;
  const names = config.sources.map(({ name }) => name);
  if (!names.includes(source)) throw new SourceUnknownError(source, names);
  ledgerFile(config.state.dir);
  const state = openState(config);
  try {
    if (options.undo) await undo(state, config, options);
    else await takeOut(state, config, options, window);
  } finally {
    await state.close();
  }
}

async function takeOut(state: StateView, config: Config, options: RetireCommand, window?: number): Promise<void> {
  const { source, json = false, yes = false } = options;
  const { sources } = await state.status(window);
  const found = sources.find(({ name }) => name === source);
  if (!found) throw new Error(`no status of ${source}`);
  const { retiredMs, unplug } = found;
  const act = yes && unplug.safe && retiredMs === undefined;
  if (act) await state.proof.retired.retire(source, Date.now());
  const serving = act ? await followed(config, source, true) : undefined;
  if (!unplug.safe) endWith('notGood');
  if (json)
    print(
      JSON.stringify({ source, retired: act || retiredMs !== undefined, changed: act, ...unplug, serving }, null, 2),
    );
  else print(...told(found, { act, serving }));
}

function told(found: SourceStatus, { act, serving }: { act: boolean; serving: Serving | undefined }): string[] {
  const { name, retiredMs, unplug } = found;
  if (retiredMs !== undefined) return [`${name} is retired already`, ...unplugLines(found, colouredOutput)];
  if (!unplug.safe) return [`${name} was not retired`, ...unplugLines(found, colouredOutput)];
  if (!act) return [`safe to unplug: ${colouredOutput('good', 'yes')}`, 'nothing was changed: add --yes to retire it'];
  return [
    `${name} is retired: ${
      serving === 'follows'
        ? 'serve does not use it any more, and it can be unplugged'
        : 'serve does not answer; if it runs, it stops using it within some seconds, and it will not use it when it is started'
    }`,
    `to bring it back: upstairs retire ${name} --undo`,
  ];
}

function windowMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms === undefined)
    throw new CommandError('WRONG_DURATION', {
      found: `--window ${text} is no duration`,
      expected: 'a whole number with a unit, as in the configuration: ms, s, m, h, d',
      todo: 'write it as 90m, 72h or 7d',
    });
  return ms;
}

/** Asks for no proof: what is brought back is only asked again. */
async function undo(state: StateView, config: Config, { source, json = false }: RetireCommand): Promise<void> {
  const was = (await state.proof.retired.all()).some((each) => each.source === source);
  if (was) await state.proof.retired.restore(source);
  const serving = was ? await followed(config, source, false) : undefined;
  if (json) return print(JSON.stringify({ source, retired: false, changed: was, serving }, null, 2));
  if (!was) return print(`${source} is not retired: nothing was changed`);
  const configured = config.sources.find(({ name }) => name === source);
  const needed = configured?.type === 'disk' && configured.required ? configured.root : undefined;
  print(
    `${source} is back: ${serving === 'follows' ? 'serve uses it again' : 'serve does not answer; it uses it within some seconds if it runs, else from its start on'}`,
    ...(needed === undefined ? [] : [`serve does not start without the disk at ${needed} (unless required: false)`]),
  );
}

async function followed(config: Config, source: string, retired: boolean): Promise<Serving> {
  const until = performance.now() + followMs;
  do {
    const status = await servingStatus(config);
    if (!status) return 'does-not-answer';
    const found = status.sources.find(({ name }) => name === source);
    if (found && (found.retiredMs !== undefined) === retired) return 'follows';
    await sleep(lookMs);
  } while (performance.now() < until);
  return 'does-not-answer';
}

function print(...lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
