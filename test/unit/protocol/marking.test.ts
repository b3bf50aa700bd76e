import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Mark, type MarkRecord, type MutationKind, type NewIntent, noMarks } from '../../../src/marks/marks.ts';
import { isHiding, type MarkChange, marked } from '../../../src/protocol/marking.ts';

const kinds = ['delete', 'put', 'acl-private', 'acl-public'] as const;
const everyShown = ['unset', 'public', 'private', 'gone'] as const;

/** A record with these facts, decided seven times before. */
function record(below: Mark['below'], shown: Mark['shown']): MarkRecord {
  return { mark: { generation: 7, below, shown }, intents: [] };
}
const intend = (kind: MutationKind, id: string = kind, more: Partial<NewIntent> = {}): MarkChange => ({
  type: 'intend',
  intent: { id, kind, ...more },
});
const settle = (id: string): MarkChange => ({ type: 'settle', id });
const undo = (id: string): MarkChange => ({ type: 'undo', id });
const close = (...ids: string[]): MarkChange => ({ type: 'close', ids });
const apply = (before: MarkRecord, ...changes: MarkChange[]) => changes.reduce(marked, before);
const facts = ({ mark: { below, shown } }: MarkRecord) => `${below} ${shown}`;
const open = ({ intents }: MarkRecord) => intents.map(({ id }) => id);

describe('a mutation that begins', () => {
  test.each([
    ['delete', 'open unset', 'closed gone'],
    ['delete', 'open public', 'closed gone'],
    ['delete', 'closed private', 'closed gone'],
    ['acl-private', 'open unset', 'open private'],
    ['acl-private', 'closed public', 'closed private'],
    ['acl-private', 'closed gone', 'closed gone'],
    ['put', 'open unset', 'open unset'],
    ['put', 'closed gone', 'closed gone'],
    ['acl-public', 'open private', 'open private'],
    ['acl-public', 'closed gone', 'closed gone'],
  ] as const)('%s: what was %s is %s; only what hides is written', (kind, before, now) => {
    const [below, shown] = before.split(' ') as [Mark['below'], Mark['shown']];
    const result = marked(record(below, shown), intend(kind));
    expect(facts(result)).toBe(now);
    expect(result.mark.generation).toBe(8);
    expect(result.intents).toEqual([{ id: kind, kind, generation: 8, before: { below, shown } }]);
  });

  test('keeps all that was said of it', () => {
    const more = { shows: 'private', etag: 'd41d8cd98f00b204e9800998ecf8427e' } as const;
    const [intent] = marked(noMarks, intend('put', 'upload', more)).intents;
    expect(intent).toEqual({
      id: 'upload',
      kind: 'put',
      generation: 1,
      before: { below: 'open', shown: 'unset' },
      ...more,
    });
  });

  test.each(['acl-private', 'acl-public'] as const)('%s takes the place of one that is open', (kind) => {
    const result = apply(noMarks, intend('put'), intend(kind, 'first'), intend(kind, 'second'));
    expect(open(result)).toEqual(['put', 'second']);
    expect(result.mark.generation).toBe(3);
  });

  test('DELETE takes the place of repeats, but not of the first, which may still land', () => {
    const result = apply(noMarks, intend('put'), intend('delete', '1'), intend('delete', '2'), intend('delete', '3'));
    expect(open(result)).toEqual(['put', '1', '3']);
    expect(result.mark.generation).toBe(4);
  });

  test('leaves those of other kinds open, and every other upload: each may land', () => {
    const all = [...kinds.map((kind) => intend(kind)), intend('put', 'another')];
    expect(open(apply(noMarks, ...all))).toEqual([...kinds, 'another']);
  });

  test('under a name that is open already, an upload completed again, takes its place', () => {
    const result = apply(noMarks, intend('put', 'upload'), intend('delete'), intend('put', 'upload'));
    expect(result.intents).toMatchObject([
      { id: 'delete' },
      { id: 'upload', generation: 3, before: { shown: 'gone' } },
    ]);
  });
});

describe('a mutation that took effect', () => {
  test.each([undefined, 'unset', 'public', 'private'] as const)(
    'PUT: sources are closed, and it shows what was asked for: %s',
    (shows) => {
      for (const shown of everyShown) {
        const asked = intend('put', 'put', shows ? { shows } : {});
        expect(facts(apply(record('open', shown), asked, settle('put')))).toBe(`closed ${shows ?? 'unset'}`);
      }
    },
  );

  test('ACL public shows, but never what is gone', () => {
    for (const below of ['open', 'closed'] as const)
      for (const shown of everyShown) {
        const result = apply(record(below, shown), intend('acl-public'), settle('acl-public'));
        expect(facts(result)).toBe(`${below} ${shown === 'gone' ? 'gone' : 'public'}`);
      }
  });

  test.each(['delete', 'acl-private'] as const)('%s: what it hid stays hidden, and nothing is open', (kind) => {
    const begun = marked(record('open', 'public'), intend(kind));
    expect(marked(begun, settle(kind))).toEqual({ mark: begun.mark, intents: [] });
  });

  test.each(kinds)('PUT closes the sources, but shows nothing, where %s came after it', (newer) => {
    const begun = apply(record('open', 'public'), intend('put', 'old', { shows: 'public' }), intend(newer, 'new'));
    const result = marked(begun, settle('old'));
    expect(result.mark).toEqual({ ...begun.mark, below: 'closed' });
    expect(open(result)).toEqual(['new']);
  });

  test.each(kinds)('ACL public shows nothing where %s came after it', (newer) => {
    const begun = apply(record('open', 'private'), intend('acl-public', 'old'), intend(newer, 'new'));
    expect(marked(begun, settle('old')).mark).toEqual(begun.mark);
  });

  test('shows nothing where something newer was begun and refused', () => {
    const begun = apply(record('open', 'private'), intend('acl-public'), intend('delete'), undo('delete'));
    expect(facts(marked(begun, settle('acl-public')))).toBe('open private');
  });

  test.each([
    ['put', ['put', 'acl-private', 'acl-public']],
    ['delete', ['put', 'acl-private', 'acl-public']],
    ['acl-private', ['acl-public']],
    ['acl-public', ['acl-private']],
  ] as const)('%s settles, of what is older, %o', (kind, settled) => {
    for (const older of kinds) {
      const begun = apply(noMarks, intend(older, 'older'), intend(kind, 'it'));
      const stays = open(begun).includes('older') && !(settled as readonly string[]).includes(older);
      expect(open(marked(begun, settle('it')))).toEqual(stays ? ['older'] : []);
    }
  });

  test.each(kinds)('%s settles nothing that is newer, but itself', (kind) => {
    for (const newer of kinds) {
      const begun = apply(noMarks, intend(kind, 'it'), intend(newer, 'newer'));
      expect(open(marked(begun, settle('it')))).toEqual(['newer']);
    }
  });

  test('never settles an older DELETE: it may yet land on what is uploaded next', () => {
    for (const kind of kinds) {
      const begun = apply(noMarks, intend('delete', 'lost'), intend(kind, 'it'));
      expect(open(marked(begun, settle('it')))).toEqual(['lost']);
      expect(open(apply(begun, settle('it'), settle('lost')))).toEqual([]);
    }
  });
});

describe('a mutation that the store refused', () => {
  test.each(kinds)('%s: what was before is given back, as a decision of its own', (kind) => {
    for (const below of ['open', 'closed'] as const)
      for (const shown of everyShown) {
        const before = record(below, shown);
        expect(apply(before, intend(kind), undo(kind))).toEqual({ ...before, mark: { ...before.mark, generation: 9 } });
      }
  });

  test.each(kinds)('DELETE gives nothing back where %s came after it', (newer) => {
    const begun = apply(record('open', 'public'), intend('delete', 'old'), intend(newer, 'new'));
    expect(marked(begun, undo('old')).mark).toEqual(begun.mark);
  });

  test('leaves open what was open before it', () => {
    const begun = apply(noMarks, intend('put'), intend('acl-public'), intend('delete'));
    expect(open(marked(begun, undo('delete')))).toEqual(['put', 'acl-public']);
  });
});

describe('what is closed', () => {
  test('is open no more, and changes nothing else', () => {
    const begun = apply(noMarks, intend('put'), intend('acl-public'), intend('delete'));
    expect(marked(begun, close('put', 'delete', 'nobody'))).toEqual({
      mark: begun.mark,
      intents: begun.intents.filter(({ id }) => id === 'acl-public'),
    });
  });
});

test.each([settle, undo, close])('a change whose intent is not open leaves the record as it is: %o', (change) => {
  const begun = marked(record('open', 'public'), intend('delete'));
  expect(marked(begun, change('nobody'))).toBe(begun);
  expect(marked(noMarks, change('nobody'))).toBe(noMarks);
});

test('DELETE and ACL private hide, nothing else does', () => {
  expect(kinds.filter(isHiding)).toEqual(['delete', 'acl-private']);
});

type Turn =
  /** Under the lease: begun, then answered. */
  | { readonly type: 'mutation'; readonly asked: Asked; readonly answer: 'settle' | 'undo' | 'unknown' }
  /** Under the lease: a look settles or closes something that is open. */
  | { readonly type: 'look'; readonly finds: 'settle' | 'close'; readonly which: number };

interface Asked {
  readonly kind: MutationKind;
  readonly shows: 'unset' | 'public' | 'private';
  /** Under the name of an earlier upload: it is completed again. */
  readonly again: boolean;
}

/** A turn, and what is recorded without the lease in the middle of it. */
type Moment = readonly [Turn, readonly ('delete' | 'acl-private')[]];

const anyMoments: fc.Arbitrary<Moment[]> = fc.array(
  fc.tuple(
    fc.oneof(
      fc.record({
        type: fc.constant('mutation' as const),
        asked: fc.record({
          kind: fc.constantFrom<MutationKind>(...kinds),
          shows: fc.constantFrom<Asked['shows']>('unset', 'public', 'private'),
          again: fc.boolean(),
        }),
        answer: fc.constantFrom<'settle' | 'undo' | 'unknown'>('settle', 'undo', 'unknown', 'unknown'),
      }),
      fc.record({
        type: fc.constant('look' as const),
        finds: fc.constantFrom<'settle' | 'close'>('settle', 'close'),
        which: fc.nat(4),
      }),
    ),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      fc.array(fc.constantFrom<'delete' | 'acl-private'>('delete', 'acl-private'), { maxLength: 2 }),
    ),
  ),
  { maxLength: 10 },
);

/** The records before and after each change that the moments make. */
function* history(
  moments: readonly Moment[],
): Generator<{ before: MarkRecord; change: MarkChange; after: MarkRecord }> {
  let now = noMarks;
  let names = 0;
  let upload = 'none';
  function* carryOut(change: MarkChange) {
    const before = now;
    now = marked(before, change);
    yield { before, change, after: now };
  }
  for (const [turn, hides] of moments) {
    const which = turn.type === 'look' ? open(now)[turn.which] : undefined;
    let id = which;
    if (turn.type === 'mutation') {
      const { kind, shows, again } = turn.asked;
      id = kind === 'put' && again ? upload : `${kind} ${names++}`;
      if (kind === 'put') upload = id;
      yield* carryOut(intend(kind, id, kind === 'put' ? { shows } : {}));
    }
    for (const kind of hides) yield* carryOut(intend(kind, `${kind} ${names++}`));
    if (id === undefined) continue;
    const end = turn.type === 'look' ? turn.finds : turn.answer;
    if (end === 'close') yield* carryOut(close(id));
    else if (end !== 'unknown') yield* carryOut(end === 'settle' ? settle(id) : undo(id));
  }
}

function last(moments: readonly Moment[]): MarkRecord {
  let now = noMarks;
  for (const { after } of history(moments)) now = after;
  return now;
}

describe('whatever happens to a key', () => {
  test('its generation never falls, and rises whenever something is begun or taken back', () => {
    fc.assert(
      fc.property(anyMoments, (moments) => {
        for (const { before, change, after } of history(moments)) {
          const rises = after.mark.generation - before.mark.generation;
          const { mark } = before;
          const tookBack = after.mark.shown !== mark.shown || after.mark.below !== mark.below;
          if (change.type === 'intend' || (change.type === 'undo' && tookBack)) expect(rises).toBe(1);
          else expect([0, 1]).toContain(rises);
        }
      }),
    );
  });

  test('its open intents are few, of different names, each with a generation of its own, none newer than the mark', () => {
    fc.assert(
      fc.property(anyMoments, (moments) => {
        const { mark, intents } = last(moments);
        const generations = intents.map(({ generation }) => generation);
        expect(generations).toEqual([...new Set(generations)].sort((a, b) => a - b));
        expect(generations.every((generation) => generation <= mark.generation)).toBe(true);
        expect(new Set(intents.map(({ id }) => id)).size).toBe(intents.length);
        const ofKind = (kind: MutationKind) => intents.filter((intent) => intent.kind === kind).length;
        expect(ofKind('delete')).toBeLessThanOrEqual(2);
        expect(ofKind('acl-private')).toBeLessThanOrEqual(1);
        expect(ofKind('acl-public')).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('it is shown or opened again only by the newest decision: an upload or an ACL change, or the undoing of what hid it', () => {
    const hidden = { unset: 0, public: 0, private: 1, gone: 2 };
    fc.assert(
      fc.property(anyMoments, (moments) => {
        for (const { before, change, after } of history(moments)) {
          const opens = after.mark.below === 'open' && before.mark.below === 'closed';
          if (!opens && hidden[after.mark.shown] >= hidden[before.mark.shown]) continue;
          const intent = before.intents.find(({ id }) => 'id' in change && id === change.id);
          expect(intent?.generation).toBe(before.mark.generation);
          const how = `${change.type} ${intent?.kind}`;
          if (opens) expect(how).toBe('undo delete');
          else expect(['settle put', 'settle acl-public', 'undo delete', 'undo acl-private']).toContain(how);
        }
      }),
    );
  });

  test('a mutation that is refused at once leaves no trace but two generations', () => {
    fc.assert(
      fc.property(anyMoments, fc.constantFrom<MutationKind>(...kinds), (moments, kind) => {
        const before = last(moments);
        const result = apply(before, intend(kind, 'it'), undo('it'));
        expect(result.mark).toEqual({ ...before.mark, generation: before.mark.generation + 2 });
        // A repeat took the place of what is of its kind, except an upload or the first DELETE.
        const first = before.intents.find((intent) => intent.kind === 'delete');
        const stays = before.intents.filter((other) => kind === 'put' || other.kind !== kind || other === first);
        expect(result.intents).toEqual(stays);
      }),
    );
  });

  test('after a DELETE nothing shows it again that was begun before', () => {
    fc.assert(
      fc.property(anyMoments, fc.boolean(), (moments, done) => {
        const before = last(moments);
        const deleted = apply(before, intend('delete', 'it'), ...(done ? [settle('it')] : []));
        const later = before.intents.flatMap(({ id }) => [settle(id), undo(id), close(id)]);
        for (const change of later) expect(marked(deleted, change).mark).toEqual(deleted.mark);
      }),
    );
  });
});
