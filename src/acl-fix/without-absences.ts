import type { Source } from '../sources/source.ts';

/** Why such a source is not believed: nothing is wrong with it, and it will say the same the next time. */
export const unproven = new Error('a missing key proves nothing');

/**
 * A source of which nothing is believed to be missing. Readers can bear a file that is taken for missing while a disk is away; that a
 * suspended account was shown to everybody cannot be taken back.
 */
export function withoutAbsences(source: Source): Source {
  return {
    name: source.name,
    async open(key, signal, wanted) {
      const answer = await source.open(key, signal, wanted);
      return answer.kind === 'missing' ? { kind: 'unavailable', trouble: 'not-mounted', cause: unproven } : answer;
    },
  };
}

/** One that is not asked at all: it was retired, and may be gone. */
export function unaskedSource(name: string): Source {
  return { name, open: async () => ({ kind: 'unavailable', trouble: 'not-mounted', cause: unproven }) };
}
