import { describe, expect, test } from 'vitest';
import { AclFix, type AclFixOptions } from '../../../src/acl-fix/acl-fix.ts';
import { unaskedSource, withoutAbsences } from '../../../src/acl-fix/without-absences.ts';
import type { MarkRecord } from '../../../src/marks/marks.ts';
import type { Source, SourceAnswer } from '../../../src/sources/source.ts';

const nothing = { mark: {}, intents: [] } as unknown as MarkRecord;
const source = (answer: SourceAnswer): Source => ({ name: 'ocean', open: async () => answer });

/** A bucket full of private objects that rclone put there. */
function fixOf(objects: number, sources: readonly Source[]) {
  const failed: string[] = [];
  const options: AclFixOptions = {
    acls: {
      async *keys() {
        for (let i = 0; i < objects; i++) yield `files/${i}.jpg`;
      },
      acl: async () => 'private',
      origin: async () => 'other',
      setAcl: async () => 'done',
    },
    marks: { record: async () => nothing },
    sources,
    isPrivate: () => false,
    isReserved: () => false,
    apply: true,
    concurrency: 4,
    failed: (key) => void failed.push(key),
    progress: () => undefined,
  };
  return { fix: new AclFix(options), failed };
}

describe('making objects public', () => {
  const never = new AbortController().signal;

  test('comes to the end of a bucket of which a source without a canary proves nothing', async () => {
    const { fix, failed } = fixOf(2500, [withoutAbsences(source({ kind: 'missing' }))]);
    expect(await fix.run(never)).toBe(true);
    expect(fix.counts).toMatchObject({ objects: 2500, unknown: 2500, wrong: 0, shown: 0 });
    expect(failed).toHaveLength(2500);
  });

  test('leaves private what only a retired source could tell of', async () => {
    const { fix } = fixOf(3, [unaskedSource('retired'), source({ kind: 'missing' })]);
    expect(await fix.run(never)).toBe(true);
    expect(fix.counts).toMatchObject({ objects: 3, unknown: 3, shown: 0 });
  });

  test('ends early where a source is in trouble: to go on would be of no use', async () => {
    const { fix } = fixOf(2500, [source({ kind: 'unavailable', trouble: 'timeout' })]);
    expect(await fix.run(never)).toBe(false);
    expect(fix.counts.objects).toBeLessThan(1100);
    expect(fix.counts.shown).toBe(0);
  });
});
