import type { Acl, ObjectFacts } from '../../../src/bucket/object-store.ts';
import type { Attempt } from '../../../src/ledger/ledger.ts';
import type { Effect } from '../../../src/protocol/state.ts';
import { requestText } from './parts.ts';
import type { Content, Request, Snapshot, Stored, World } from './snapshot.ts';

/** What the store does with a request: `done`, `exists` (412) or `missing` (404). */
export function carriedOut(
  world: World,
  s: Snapshot,
  request: Request,
): { stored: Stored | undefined; broken: string[]; answer: 'done' | 'exists' | 'missing' } {
  const { stored } = s;
  const broken: string[] = [];
  switch (request.type) {
    case 'put':
      return {
        stored: { what: `new${request.mutation}`, intentId: intentId(request.mutation), acl: 'public' },
        broken,
        answer: 'done',
      };
    case 'delete':
      return { stored: undefined, broken, answer: 'done' };
    case 'set-acl':
      return { stored: stored && withAcl(world, stored, request.acl), broken, answer: stored ? 'done' : 'missing' };
    case 'copy':
      if (request.onlyIfAbsent && stored) return { stored, broken, answer: 'exists' };
      if (stored && stored.copyId === undefined && !stored.unseen)
        broken.push('I2 a copy overwrote an object that was not ours');
      return {
        stored: withAcl(world, { what: request.what, copyId: request.id, acl: 'public' }, request.acl),
        broken,
        answer: 'done',
      };
  }
}

/** Where objects have no ACLs, whoever may ask gets them all. */
function withAcl({ rules }: World, stored: Stored, acl: Acl): Stored {
  return rules.acls ? { ...stored, acl } : stored;
}

export function intentId(mutation: number): string {
  return `m${mutation}`;
}

/** The request that an effect sends; undefined: it changes nothing at the store. */
export function requestOf(world: World, effect: Effect): Request | undefined {
  switch (effect.type) {
    case 'send':
      return copyOf(effect, effect.onlyIfAbsent);
    case 'complete':
      // As stores do that know conditions of PutObject alone.
      return copyOf(effect, false);
    case 'delete':
      return { type: 'delete' };
    case 'set-acl':
      return { type: 'set-acl', acl: effect.acl };
    case 'forward':
      return clientRequest(world, Number(effect.id.slice(1)));
    default:
      return undefined;
  }
}

function copyOf({ attempt, acl }: { attempt: Attempt; acl: Acl }, onlyIfAbsent: boolean): Request {
  return { type: 'copy', id: attempt.id, what: attempt.md5 as Content, acl, onlyIfAbsent };
}

function clientRequest(world: World, mutation: number): Request {
  switch (world.mutations[mutation]) {
    case 'put':
      return { type: 'put', mutation };
    case 'delete':
      return { type: 'delete' };
    case 'acl-private':
      return { type: 'set-acl', acl: 'private' };
    default:
      return { type: 'set-acl', acl: 'public' };
  }
}

export function factsOf({ what, copyId, intentId: intent, acl }: Stored): ObjectFacts {
  return {
    ...(copyId === undefined ? {} : { copyId }),
    ...(intent === undefined ? {} : { intentId: intent }),
    md5: what,
    size: 1,
    acl,
  };
}

/** One order for the same set of requests. */
export function ordered(requests: readonly Request[]): readonly Request[] {
  return requests.length < 2 ? requests : [...requests].sort((a, b) => (requestText(a) < requestText(b) ? -1 : 1));
}

/** Bytes that come from below. */
export function isOurs(what: Content | undefined): boolean {
  return what === 'source' || what === 'rewritten';
}

/** What a reader who asks the bucket gets; `hidden`: it is there, and not public. */
export function bucketShows(stored: Stored | undefined): Content | 'hidden' | undefined {
  if (!stored) return undefined;
  return stored.acl === 'public' ? stored.what : 'hidden';
}
