import type { Intent, Mark, MarkRecord, MutationKind, NewIntent } from '../marks/marks.ts';

/** What a step does to the marks of its key. Carried out on the record as it is then, in one transaction. */
export type MarkChange =
  /** Step 2 of a mutation: a new generation, the intent, and only what hides. */
  | { readonly type: 'intend'; readonly intent: NewIntent }
  /** It took effect: what shows or closes. */
  | { readonly type: 'settle'; readonly id: string }
  /** The store refused it at the first try: what hid is given back. */
  | { readonly type: 'undo'; readonly id: string }
  /** Nothing more will come of these. */
  | { readonly type: 'close'; readonly ids: readonly string[] };

/** The record after a change. A change whose intent is not open any more does nothing. */
export function marked(record: MarkRecord, change: MarkChange): MarkRecord {
  switch (change.type) {
    case 'intend':
      return intended(record, change.intent);
    case 'settle': {
      const intent = record.intents.find(({ id }) => id === change.id);
      return intent ? settled(record, intent) : record;
    }
    case 'undo': {
      const intent = record.intents.find(({ id }) => id === change.id);
      return intent ? undone(record, intent) : record;
    }
    case 'close': {
      const intents = record.intents.filter(({ id }) => !change.ids.includes(id));
      return intents.length === record.intents.length ? record : { ...record, intents };
    }
  }
}

/** Whether this mutation of `kind` takes something from readers: it is on record even where it cannot be carried out. */
export function isHiding(kind: MutationKind): boolean {
  return kind === 'delete' || kind === 'acl-private';
}

function intended({ mark, intents }: MarkRecord, asked: NewIntent): MarkRecord {
  const generation = mark.generation + 1;
  const before = { below: mark.below, shown: mark.shown };
  // A repeat of what is under way takes its place: one open ACL change of each kind says all there is to say. Uploads are told by their
  // ids: each may land. So may the first DELETE, whatever is answered to its repeat.
  const first = intents.find(({ kind }) => kind === 'delete');
  const others = intents.filter((other) => {
    if (asked.kind === 'put') return other.id !== asked.id;
    return other.kind !== asked.kind || other === first;
  });
  return { mark: { ...hidden(mark, asked.kind), generation }, intents: [...others, { ...asked, generation, before }] };
}

function hidden(mark: Mark, kind: MutationKind): Mark {
  if (kind === 'delete') return { ...mark, below: 'closed', shown: 'gone' };
  if (kind === 'acl-private' && mark.shown !== 'gone') return { ...mark, shown: 'private' };
  return mark;
}

function settled({ mark, intents }: MarkRecord, intent: Intent): MarkRecord {
  return { mark: shownBy(mark, intent), intents: intents.filter((other) => !settles(intent, other)) };
}

/** What shows, shows only if nothing newer was decided meanwhile. */
function shownBy(mark: Mark, { kind, generation, shows = 'unset' }: Intent): Mark {
  const newest = mark.generation === generation;
  if (kind === 'put') return { ...mark, below: 'closed', shown: newest ? shows : mark.shown };
  if (kind === 'acl-public' && newest && mark.shown !== 'gone') return { ...mark, shown: 'public' };
  return mark;
}

/**
 * A settled PUT or DELETE settles every older intent, an ACL change the older ACL changes; each settles itself. But an older DELETE may
 * still land, on what is uploaded next: only the last look closes it.
 */
function settles(settled: Intent, other: Intent): boolean {
  if (other.id === settled.id) return true;
  if (other.generation > settled.generation || other.kind === 'delete') return false;
  return settled.kind === 'delete' || settled.kind === 'put' || isAclChange(other.kind);
}

function isAclChange(kind: MutationKind): boolean {
  return kind === 'acl-private' || kind === 'acl-public';
}

function undone({ mark, intents }: MarkRecord, intent: Intent): MarkRecord {
  const rest = intents.filter(({ id }) => id !== intent.id);
  if (mark.generation !== intent.generation) return { mark, intents: rest };
  return { mark: { ...mark, ...givenBack(intent), generation: mark.generation + 1 }, intents: rest };
}

/** What it hid, and nothing else. */
function givenBack({ kind, before }: Intent): Partial<Mark> {
  if (kind === 'delete') return before;
  return kind === 'acl-private' ? { shown: before.shown } : {};
}
