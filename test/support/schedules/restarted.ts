import type { Bed } from './bed.ts';

/** What a process does first with a key that an earlier one left: every open upload and mutation is looked for anew. */
export async function restarted({ marks, ledger }: Bed, key: string, nowMs: number): Promise<void> {
  const { look, attempts } = await ledger.record(key);
  const { intents } = await marks.record(key);
  if (look === undefined && attempts.length === 0 && intents.length === 0) return;
  await ledger.change(key, { look: 0 }, { lookAtMs: nowMs }, nowMs);
}
