import type { BackfillFacts, DrainProgress } from '../backfill/facts.ts';
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

function drainText({ state, sources, waiting, copied, left, eta }: DrainProgress): string[] {
  return [
    `now: ${state}; carried up since the start: ${copied.files} files, ${copied.bytes} bytes; ${waiting} in hand`,
    ...(left ? [`left in the plan: ${left.files} files, ${left.bytes} bytes`] : []),
    ...(eta ? [`done in about ${(eta.ms / 3_600_000).toFixed(1)} h, if ${eta.assuming}`] : []),
    ...sources.map(({ source, concurrency, pausedUntilMs, why }) => {
      if (pausedUntilMs === undefined) return `${source}: up to ${concurrency} at once`;
      return `${source}: left alone until ${new Date(pausedUntilMs).toISOString()} (${why ?? 'not known why'})`;
    }),
  ];
}
