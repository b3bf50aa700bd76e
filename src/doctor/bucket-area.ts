import type { Area } from './area.ts';
import { brokenOff } from './area.ts';
import { contactVerdict } from './bucket-contact.ts';
import { identityVerdict, type OwnLedger } from './bucket-identity.ts';
import { bucketRights } from './bucket-rights.ts';
import { bucketSample } from './bucket-sample.ts';
import { bucketSettings, keepsVersions } from './bucket-settings.ts';
import { clockVerdict } from './clock.ts';
import type { Finding } from './finding.ts';
import type { StoreAnswer, StoreDoor } from './store-door.ts';
import { unreachable } from './unreachable.ts';

/** What the state says. */
export interface KnownState {
  /** Undefined: there is none yet. */
  readonly ledger: OwnLedger | undefined;
}

export interface BucketAreaOptions {
  readonly door: StoreDoor;
  readonly host: string;
  readonly bucket: string;
  readonly region: string;
  readonly acls: boolean;
  readonly reads: 'anonymous' | 'signed';
  /** How many existing objects are looked at. */
  readonly sample: number;
  readonly identityKey: string;
  /** Undefined: the state could not be read, and nothing can be said of the identity. */
  readonly known: KnownState | undefined;
  readonly isPublic: (key: string) => boolean;
  readonly newId: () => string;
  readonly now: () => number;
  readonly random: () => number;
}

const limitMs = 60_000;

/** All that concerns the bucket. Asks no more where the first answer shows that nothing else can be right. */
export function bucketArea(options: BucketAreaOptions): Area {
  return { name: 'bucket', limitMs, run: (signal) => examineBucket(options, signal) };
}

async function* examineBucket(options: BucketAreaOptions, signal: AbortSignal): AsyncGenerator<Finding> {
  const { door, host, bucket, now } = options;
  const key = `_upstairs/check-${options.newId()}`;
  const began = now();
  let answer: StoreAnswer;
  try {
    answer = await door.ask({ method: 'GET', key }, signal);
  } catch (cause) {
    yield unreachable('bucket.reachable', host, 'bucket.endpoint', cause);
    return;
  }
  const contact = contactVerdict(answer, options);
  yield* contact.findings;
  if (!contact.findings.some(({ check }) => check === 'clock'))
    yield clockVerdict(answer.headers.date, (began + now()) / 2);
  if (!contact.usable) return;
  const settings = all('bucket.settings', bucketSettings(door, bucket, signal));
  const parts = await Promise.all([
    all('bucket.identity', identity(options, signal)),
    settings,
    // In a bucket that keeps versions, what is written for the check could not be taken away again.
    settings.then((found) =>
      keepsVersions(found) ? [] : all('bucket.rights', bucketRights({ ...options, key }, signal)),
    ),
    // Who may not list was told so.
    ...(contact.mayList ? [all('bucket.public-objects', sample(options, signal))] : []),
  ]);
  yield* parts.flat();
}

/** What one part finds until it breaks off: it must not hide the others. */
async function all(check: string, part: AsyncGenerator<Finding>): Promise<Finding[]> {
  const findings: Finding[] = [];
  try {
    for await (const finding of part) findings.push(finding);
  } catch (cause) {
    findings.push(brokenOff(check, cause));
  }
  return findings;
}

async function* identity(options: BucketAreaOptions, signal: AbortSignal): AsyncGenerator<Finding> {
  if (options.known === undefined) return;
  const { status, text } = await options.door.ask({ method: 'GET', key: options.identityKey }, signal);
  // 403: told as bucket.missing-key or bucket.may-get already, and proves no absence.
  if (status === 200 || status === 404)
    yield identityVerdict(status === 200 ? text : undefined, options.known.ledger, options.bucket);
}

async function* sample(options: BucketAreaOptions, signal: AbortSignal): AsyncGenerator<Finding> {
  if (options.reads === 'signed') return;
  yield await bucketSample({ ...options, count: options.sample }, signal);
}
