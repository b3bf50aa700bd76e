import type { Source } from '../sources/source.ts';
import { unproven } from './without-absences.ts';

export interface Unknown {
  readonly unknown: string;
  readonly troubled: boolean;
}

/**
 * Whether the old places say that a key is not for the public: the first that has it decides, as it does for a copy. `unknown`: the name of
 * one that could not be asked, and may have it; `troubled`: it, or another one, is not well.
 */
export async function hiddenBelow(
  sources: readonly Source[],
  key: string,
  signal: AbortSignal,
): Promise<'hidden' | 'not-hidden' | Unknown> {
  let unknown: string | undefined;
  let troubled = false;
  for (const source of sources) {
    const answer = await source.open(key, signal, 'facts');
    if (answer.kind === 'private') return 'hidden';
    if (answer.kind === 'found') {
      const { private: hidden } = answer.object;
      answer.object.close();
      if (hidden) return 'hidden';
      break;
    }
    if (answer.kind === 'missing') continue;
    unknown ??= source.name;
    troubled ||= answer.kind !== 'unavailable' || answer.cause !== unproven;
  }
  return unknown === undefined ? 'not-hidden' : { unknown, troubled };
}
