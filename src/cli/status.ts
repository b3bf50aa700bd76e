import { setTimeout as sleep } from 'node:timers/promises';
import { openState } from '../app/wire-status.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Status } from '../status/status.ts';
import { statusText } from '../status/status-text.ts';
import { colouredOutput } from './colour.ts';
import { ledgerFile } from './ledger-file.ts';
import { adminUrl, servingStatus } from './serving-status.ts';

/** How often it is drawn anew, in milliseconds. */
const redrawMs = 2000;
/** To the top left, and clear to the end of the screen (ECMA-48 CUP, ED). */
const home = '\u001b[H\u001b[J';

/**
 * `upstairs status`: how far the move is, and whether a source can be unplugged. A running `serve` is asked; without one its files are.
 * `watch` draws it anew until Ctrl-C, on a terminal; elsewhere it prints one after the other.
 * @throws CommandError NO_STATE
 */
export async function status(options: { config: string; json?: true; watch?: true }): Promise<void> {
  const { config } = loadConfig(options.config, { env: process.env, environment: false });
  for (;;) {
    const text = await statusOf(config, options.json ?? false);
    process.stdout.write(options.watch && process.stdout.isTTY ? home + text : text);
    if (!options.watch) return;
    await sleep(redrawMs);
  }
}

async function statusOf(config: Config, json: boolean): Promise<string> {
  const told = (await servingStatus(config)) ?? (await fromFiles(config));
  if (json) return `${JSON.stringify(told, null, 2)}\n`;
  const note = told.servingMs === undefined ? `${unansweredNote(config)}\n\n` : '';
  return note + statusText(told, colouredOutput);
}

async function fromFiles(config: Config): Promise<Status> {
  ledgerFile(config.state.dir);
  const state = openState(config);
  try {
    return await state.status();
  } finally {
    await state.close();
  }
}

function unansweredNote(config: Config): string {
  const url = adminUrl(config);
  return url === undefined
    ? 'admin.listen has port 0, so serve cannot be asked: this is what its files say.'
    : `serve does not answer at ${url}: this is what its files say.`;
}
