import { isHiding } from '../../../src/protocol/marking.ts';
import { intendedAcl } from '../../../src/protocol/state.ts';
import type { Content, Snapshot, World } from './snapshot.ts';
import { bucketShows, isOurs } from './store.ts';

/** What a reader who starts now is shown: cache, mark, bucket, then the source. */
export function shownTo(world: World, s: Snapshot): Content | undefined {
  if (s.cache) return s.cache;
  const { mark } = s.marks;
  if (mark.shown === 'gone' || mark.shown === 'private') return undefined;
  const above = bucketShows(s.stored);
  if (above) return above === 'hidden' ? undefined : above;
  if (mark.below === 'closed' || s.record.status === 'copied' || !world.below) return undefined;
  return world.sourceAcl === 'public' || mark.shown === 'public' ? 'source' : undefined;
}

/** May a reader who starts now not be shown this, since an acknowledged DELETE or ACL change hid it? */
export function forbidden(world: World, s: Snapshot, content: Content): boolean {
  const { mutations } = world;
  return s.clients.some(({ at, after }, i) => {
    const kind = mutations[i];
    if (at !== 'acked' || (kind !== 'delete' && kind !== 'acl-private')) return false;
    const upload = content.startsWith('new') ? Number(content.slice(3)) : undefined;
    // Uploaded at the same time or later: whichever order the two had, it may be shown.
    if (upload !== undefined && (!(after & (1 << upload)) || overtakes(world, s, upload, after))) return false;
    if (kind === 'delete') return true;
    return !s.clients.some((other, u) => mutations[u] === 'acl-public' && other.at !== 'idle' && !(after & (1 << u)));
  });
}

/**
 * An upload of unknown outcome that may yet land over a later one, sent since those of `after`: whoever writes last wins, and which is last
 * the store says.
 */
function overtakes({ mutations }: World, s: Snapshot, upload: number, after: number): boolean {
  if (s.clients[upload]?.at !== 'unanswered') return false;
  return s.clients.some(
    ({ at }, i) =>
      i !== upload &&
      mutations[i] === 'put' &&
      !(after & (1 << i)) &&
      ['forwarding', 'acked', 'unanswered'].includes(at),
  );
}

/** All that a reader might be shown. */
export function contents(world: World): Content[] {
  const uploads = world.mutations.flatMap((kind, i) => (kind === 'put' ? [`new${i}` as const] : []));
  return ['source', ...(world.changes ? (['rewritten'] as const) : []), 'other', ...uploads];
}

/** What must hold in every state. */
export function* brokenNow(world: World, s: Snapshot): Generator<string> {
  const shown = shownTo(world, s);
  if (shown && forbidden(world, s, shown)) {
    const where = s.cache ? 'the cache' : s.stored ? 'the bucket' : 'the source';
    yield `I3 a new reader is shown what was hidden, from ${where}`;
  }
}

/** What must hold once nothing more will happen. */
export function* brokenAtRest(world: World, s: Snapshot): Generator<string> {
  yield* leftOver(s);
  yield* disagreeing(world, s);
  yield* lastOnes(world, s);
  yield* copied(world, s);
}

function* leftOver(s: Snapshot): Generator<string> {
  if (s.record.attempts.length > 0) yield 'I6 an attempt stays open for ever';
  if (s.marks.intents.length > 0) yield 'I6 an intent stays open for ever';
  if (s.record.look !== undefined) yield 'I6 a look stays due for ever';
  if (s.record.deleting) yield 'I6 a DELETE of ours stays unsettled for ever';
  if (s.stage.at !== 'free') yield 'I5 the lease is never let go';
}

function* disagreeing(world: World, s: Snapshot): Generator<string> {
  const { mark } = s.marks;
  if (mark.shown === 'gone' && s.stored) yield 'I3 gone, but in the bucket at rest';
  if (mark.below === 'closed' && mark.shown !== 'gone' && !s.stored) yield 'I2 what was uploaded is lost';
  if (!world.rules.acls) return;
  if (mark.shown === 'private' && s.stored?.acl === 'public') yield 'I3 private, but public in the bucket at rest';
  if (mark.shown === 'public' && s.stored?.acl === 'private') yield 'I1 made public by a client, private at rest';
  if (s.stored?.copyId && mark.shown === 'unset' && s.stored.acl !== world.sourceAcl)
    yield 'I3 a copy has the wrong ACL at rest';
}

/** What the last mutation promised. What hides sticks though nobody was told so: it is on record. */
function* lastOnes(world: World, s: Snapshot): Generator<string> {
  const { mutations } = world;
  const shown = shownTo(world, s);
  const others = (i: number) => s.clients.flatMap((client, j) => (j === i ? [] : [{ ...client, j }]));
  const last = s.clients.findIndex(
    ({ at, after }, i) =>
      at !== 'refused' && others(i).every((other) => other.at === 'refused' || after & (1 << other.j)),
  );
  const asked = mutations[last];
  const kind = asked && (isHiding(asked) || s.clients[last]?.at === 'acked') ? asked : undefined;
  if (kind === 'delete' && s.stored) yield 'I3 deleted last, in the bucket at rest';
  if (kind === 'delete' && shown) yield 'I3 deleted last, shown at rest';
  if (kind === 'acl-private' && world.rules.acls && s.stored?.acl === 'public')
    yield 'I3 hidden last, public in the bucket at rest';
  if (kind === 'acl-private' && shown) yield 'I3 hidden last, shown at rest';
  const somewhere = world.below || world.before !== undefined;
  if (kind === 'acl-public' && !mutations.includes('delete') && somewhere && !shown)
    yield 'I1 made public last, not shown at rest';
  for (const [i, client] of s.clients.entries()) {
    if (mutations[i] !== 'put' || client.at !== 'acked') continue;
    const undisturbed = others(i).every(
      ({ j, at }) =>
        at === 'refused' || (mutations[j] !== 'delete' && mutations[j] !== 'put') || client.after & (1 << j),
    );
    // An upload of unknown outcome that lands after a later one is S3's own way (last write wins).
    const early = others(i).some(({ j, at }) => mutations[j] === 'put' && at === 'unanswered');
    if (undisturbed && !early && s.stored?.what !== `new${i}`) yield 'I2 an acknowledged upload is lost';
    if (kind === 'put' && i === last && s.stored?.what === `new${i}` && shown !== `new${i}`)
      yield 'I1 an upload that was acknowledged last is not shown';
  }
}

/** That nothing is closed or lost for no reason. */
function* copied(world: World, s: Snapshot): Generator<string> {
  const { mutations, below } = world;
  const { mark } = s.marks;
  const effective = s.clients.some(({ at }, i) => at !== 'refused' && !(at === 'unanswered' && mutations[i] === 'put'));
  if (s.stored?.what.startsWith('new') && mark.below === 'open') yield 'I3 uploaded, and sources may still be used';
  if (!effective && (below ? world.sourceAcl === 'public' : world.before) && !shownTo(world, s))
    yield 'I5 nothing took effect, yet nothing is shown';
  const replaced = mutations.includes('delete') || mutations.includes('put');
  if (!replaced && mark.below === 'closed') yield 'I5 closed, though nothing was deleted or uploaded';
  if (mark.below === 'closed' || mark.shown === 'gone') return;
  const copyable = world.rules.acls || intendedAcl(mark, world.sourceAcl) === 'public';
  if (below && copyable && !s.stored && s.ids < world.maxAttempts) yield 'I5 never copied, though nothing hides it';
  yield* recorded(world, s);
}

function* recorded(world: World, { stored, record, confirmed, ids }: Snapshot): Generator<string> {
  const { below, before, maxAttempts } = world;
  if (record.status === 'copied' && !stored) yield 'I4 copied, but the bucket does not hold it at rest';
  if (record.status === 'copied' && stored?.copyId && confirmed && stored.what !== confirmed)
    yield 'I4 copied, but the bucket holds other bytes at rest than it confirmed last';
  if (stored?.copyId && record.status !== 'copied') yield 'I5 in the bucket, but not recorded as copied';
  // A look that nobody's upload led to cannot tell the same bytes from others.
  if (below && isOurs(stored?.what) && record.status !== 'copied' && record.status !== 'superseded')
    yield 'I5 in the bucket, but still to be copied';
  // What came later is found out by the next try.
  const tried = before === 'other' || ids < maxAttempts;
  if (below && stored?.what === 'other' && tried && record.status !== 'superseded')
    yield 'I4 another object is there, not recorded as superseded';
}
