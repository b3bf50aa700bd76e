import { error, type Finding, ok, warning } from './finding.ts';
import type { Listed, StoreDoor } from './store-door.ts';

export interface SampleOptions {
  readonly door: StoreDoor;
  /** How many objects. */
  readonly count: number;
  /** Whether the bucket keeps ACLs. */
  readonly acls: boolean;
  /** Whether a key is one that strangers are meant to read: not below a private prefix, and not hidden by a mark. */
  readonly isPublic: (key: string) => boolean;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/** Whether strangers can read what is in the bucket already: objects from all over it, not just its first ones. */
export async function bucketSample(options: SampleOptions, signal: AbortSignal): Promise<Finding> {
  const { door } = options;
  const keys = await spread(options, signal);
  const closed: string[] = [];
  await Promise.all(
    keys.map(async (key) => {
      const { status } = await door.ask({ method: 'HEAD', key, anonymous: true }, signal);
      // 404: it was deleted meanwhile. Who may not read is answered otherwise.
      if (status >= 400 && status < 500 && status !== 404 && status !== 429) closed.push(key);
    }),
  );
  return sampleVerdict(keys.length, closed.sort(), options.acls);
}

export function sampleVerdict(asked: number, closed: readonly string[], acls = true): Finding {
  const check = 'bucket.public-objects';
  if (asked === 0) return ok(check, 'the bucket holds no media yet');
  if (closed.length === 0) return ok(check, `strangers can read all of ${asked} objects`);
  const say = closed.length * 2 > asked ? error : warning;
  return say(
    check,
    `${closed.length} of ${asked} objects cannot be read by strangers, ${closed[0]} for one`,
    acls ? 'media that are public-read, but for what was hidden on purpose' : 'media that strangers can read',
    acls
      ? 'an earlier rclone without --s3-acl public-read? `upstairs acl fix` counts them, and mends them with --yes'
      : 'a bucket policy that lets everybody s3:GetObject on all of it, or bucket.reads: signed',
  );
}

/** All are looked for at once. */
const mostSampled = 2000;

/** Keys from random places. Small prefixes are taken as they are listed; large ones are gone down into. */
async function spread(
  { door, count: wanted, isPublic, random }: SampleOptions,
  signal: AbortSignal,
): Promise<string[]> {
  const count = Math.min(wanted, mostSampled);
  const known = new Map<string, Promise<Listed>>();
  const list = (prefix: string, delimiter?: '/') => {
    const name = `${delimiter ?? ''}:${prefix}`;
    const listed = known.get(name) ?? door.list({ prefix, ...(delimiter && { delimiter }) }, signal);
    known.set(name, listed);
    return listed;
  };
  const pick = <T>(all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)];
  const descend = async (): Promise<string | undefined> => {
    let prefix = '';
    for (;;) {
      const all = await list(prefix);
      const here = all.keys.filter(isPublic);
      if (!all.truncated) return pick(here);
      const { prefixes, keys } = await list(prefix, '/');
      const next = pick([...prefixes.filter((name) => isPublic(`${name}x`)), ...keys.filter(isPublic)]);
      if (next === undefined || !next.endsWith('/') || next === prefix) return next ?? pick(here);
      prefix = next;
    }
  };
  const whole = await list('');
  const few = whole.keys.filter(isPublic);
  if (!whole.truncated && few.length <= count) return few;
  const found = new Set<string>();
  for (let tries = 0; found.size < count && tries < count * 3; tries += count)
    for (const key of await Promise.all(Array.from({ length: count }, descend)))
      if (key !== undefined && found.size < count) found.add(key);
  return [...found];
}
