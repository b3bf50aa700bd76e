import type { BackfillFacts, DrainFacts } from '../backfill/facts.ts';
import { limitsText } from '../backfill/limits.ts';
import { loadConfig } from '../config/load.ts';
import { AdminClient } from './admin-client.ts';

export interface BackfillOptions {
  readonly config: string;
  readonly json?: true;
  readonly order: 'status' | 'start' | 'pause' | 'resume' | 'limits';
  readonly limit?: string;
}

/** `upstairs backfill …`: gives an order to the `serve` that runs, and prints what holds then. */
export async function backfill({ config: file, json, order, limit }: BackfillOptions): Promise<void> {
  const { config } = loadConfig(file, { env: process.env, environment: false });
  const admin = new AdminClient(config);
  const facts =
    order === 'status'
      ? await admin.get<BackfillFacts>('/api/backfill')
      : await admin.post<BackfillFacts>(`/api/backfill/${order}`, limit === undefined ? {} : { limit });
  process.stdout.write(json ? `${JSON.stringify(facts, null, 2)}\n` : `${backfillText(facts).join('\n')}\n`);
}

/** The state of the backfill, a line each. */
export function backfillText(facts: BackfillFacts): string[] {
  const { run, why, limits, limitsBy, timetableChangesMs, drain } = facts;
  const whose = { hand: 'by hand', timetable: 'by the timetable', none: 'none set' }[limitsBy];
  return [
    `${run} (${why})`,
    `limit: ${limitsText(limits)} (${whose})`,
    ...(timetableChangesMs === undefined
      ? []
      : [`the timetable changes at ${new Date(timetableChangesMs).toISOString()}`]),
    ...(drain ? drainText(drain) : ['nothing carries up in this phase']),
  ];
}

function drainText({ why, sources, window, copied, left }: DrainFacts): string[] {
  return [
    ...(why === undefined ? [] : [`waits: ${why}`]),
    `carried up since the start: ${copied.files} files, ${copied.bytes} bytes; ${window} in hand`,
    ...(left === undefined ? [] : [`left in the plan: ${left.files} files, ${left.bytes} bytes`]),
    ...sources.map(({ source, places, pausedUntilMs, why: cause }) => {
      const paused = pausedUntilMs === undefined ? '' : `, left alone until ${new Date(pausedUntilMs).toISOString()}`;
      return `${source}: ${places} at once${paused}${cause === undefined ? '' : ` (${cause})`}`;
    }),
  ];
}
