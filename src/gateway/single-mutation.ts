import type { NewIntent } from '../marks/marks.ts';
import type { Call, GatewayParts } from './call.ts';
import type { Told } from './forwarded.ts';
import { notDone } from './mutation-answer.ts';
import type { MutationResult } from './mutations.ts';

/**
 * Carries out the mutation of one key; resolves when it is done and durable. Throws what the client is to be told otherwise. `forward`
 * sends it, and tells what the store said; `waitedMs`: how long it waited for its turn, in milliseconds.
 */
export async function mutateOne<T extends Told>(
  { mutations }: Pick<GatewayParts, 'mutations'>,
  call: Pick<Call, 'audited'>,
  key: string,
  intent: NewIntent,
  forward: (waitedMs: number) => Promise<T>,
): Promise<T> {
  const beganMs = performance.now();
  let told: T | undefined;
  let result: MutationResult = 'unknown';
  try {
    const results = await mutations.run([{ key, intent }], async () => {
      told = await forward(performance.now() - beganMs);
      return new Map([[key, told.answer]]);
    });
    result = results.get(key) ?? result;
  } finally {
    call.audited(key, result);
  }
  if (result !== 'done' || !told) throw notDone(result === 'done' ? 'unknown' : result, told);
  return told;
}
