import type { Move } from './moves.ts';
import { contents, forbidden } from './properties.ts';
import { type Content, noReader, type Reader, type Snapshot, type World } from './snapshot.ts';
import { bucketShows } from './store.ts';

/** One reader after the other, and what their fills leave in the cache. */
export function* readerMoves(world: World, s: Snapshot): Generator<Move> {
  const { reader } = s;
  switch (reader.at) {
    case 'none':
      if (world.reads && !s.cache) yield* begins(world, s);
      return;
    case 'marked': {
      const above = bucketShows(s.stored);
      if (above === 'hidden') yield leaves(s, 'reader: private in the bucket');
      else if (above) yield has(world, s, above, `reader: the bucket gives ${above}`);
      else if (reader.open && s.record.status !== 'copied' && world.below)
        yield has(world, s, 'source', 'reader: the bucket has nothing, the source gives it');
      else yield leaves(s, 'reader: nowhere');
      return;
    }
    case 'has': {
      const content = reader.content!;
      const shown = reader.forbidden.includes(content) && forbidden(world, s, content);
      const cache = mayBeCached(world, reader, content) ? content : s.cache;
      yield {
        ...leaves(s, `reader: is served ${content}${cache ? ', which is cached' : ''}`, cache),
        broken: shown ? ['I3 a reader who came after the answer is served what was hidden'] : [],
      };
    }
  }
}

/**
 * Who can neither be shown what is forbidden nor leave anything in the cache is of no interest any more: as if nobody had come, and the
 * next reader may.
 */
export function ofInterest(world: World, reader: Reader): Reader {
  const { at, content, forbidden, barred } = reader;
  if (at === 'none') return reader;
  const caches = content === undefined ? !barred : mayBeCached(world, reader, content);
  return caches || forbidden.length > 0 ? reader : noReader;
}

function mayBeCached(world: World, reader: Reader, content: Content): boolean {
  return !reader.barred && !(content === 'source' && world.sourceAcl === 'private');
}

/** Who reads a mark that hides it leaves at once. */
function* begins(world: World, s: Snapshot): Generator<Move> {
  const { below, shown } = s.marks.mark;
  if (shown === 'gone' || shown === 'private') return;
  const reader: Reader = {
    at: 'marked',
    content: undefined,
    open: below === 'open',
    barred: false,
    forbidden: contents(world).filter((content) => forbidden(world, s, content)),
  };
  // Nobody need ever come.
  yield { label: 'reader: reads the mark', to: { ...s, reader }, optional: true };
}

function has(world: World, s: Snapshot, content: Content, label: string): Move {
  const forbidden = s.reader.forbidden.includes(content) ? [content] : [];
  const reader: Reader = { ...s.reader, at: 'has', content, open: false, forbidden };
  return { label, to: { ...s, reader: ofInterest(world, reader) } };
}

function leaves(s: Snapshot, label: string, cache = s.cache): Move {
  return { label, to: { ...s, reader: noReader, cache } };
}
