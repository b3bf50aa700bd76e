import { error, type Finding, ok, warning } from './finding.ts';
import type { StoreDoor } from './store-door.ts';

/** What is set for the bucket as a whole: versions, who may list it, what it throws away by itself. */
export async function* bucketSettings(door: StoreDoor, bucket: string, signal: AbortSignal): AsyncGenerator<Finding> {
  yield await versioning(door, bucket, signal);
  yield await listing(door, signal);
  yield await lifecycle(door, signal);
}

/** Whether the bucket was found to keep versions. */
export function keepsVersions(findings: readonly Finding[]): boolean {
  return findings.some(({ check, found }) => check === 'bucket.versioning' && found.startsWith(keeps));
}

const keeps = 'the bucket keeps versions';

async function versioning(door: StoreDoor, bucket: string, signal: AbortSignal): Promise<Finding> {
  const { status, code, text } = await door.ask({ method: 'GET', query: [['versioning', '']] }, signal);
  const check = 'bucket.versioning';
  const state = /<Status>(\w+)<\/Status>/.exec(text)?.[1];
  if (status === 200 && state !== undefined)
    return error(
      check,
      `${keeps} (${state})`,
      'a bucket that never had versioning on: what is deleted would stay readable',
      'use a fresh bucket without versioning; it cannot be taken back, only suspended',
    );
  if (status === 403)
    return error(
      check,
      'these keys may not ask whether the bucket keeps versions (403)',
      'an answer: Upstairs does not use a bucket of which it cannot know',
      `grant s3:GetBucketVersioning on the bucket ${bucket} to these keys`,
    );
  if (status === 200 || status === 405 || status === 501) return ok(check, 'off');
  return error(
    check,
    `the store answered ${status} ${code ?? ''}`,
    'an answer to GetBucketVersioning',
    'check again later',
  );
}

async function listing(door: StoreDoor, signal: AbortSignal): Promise<Finding> {
  const query = [
    ['list-type', '2'],
    ['max-keys', '1'],
  ] as const;
  const { status } = await door.ask({ method: 'GET', query, anonymous: true }, signal);
  if (status !== 200) return ok('bucket.listing', 'strangers may not list the bucket');
  return warning(
    'bucket.listing',
    'anybody can list the bucket, and so find media that nobody linked to',
    'a bucket that strangers cannot list',
    "set the bucket's own ACL to private (s3cmd setacl --acl-private s3://BUCKET, without --recursive); on Spaces: File Listing restricted",
  );
}

/** Not: markers of deleted versions, which are no objects. */
const throwsAway = /<Expiration>\s*(?:<ExpiredObjectDeleteMarker>\w*<\/ExpiredObjectDeleteMarker>\s*)?<(?:Days|Date)>/;
/** Where objects go that have to be asked back hours before they can be read. */
const putsAway = /<Transition>[\s\S]*?<StorageClass>(?:GLACIER|DEEP_ARCHIVE)</;

async function lifecycle(door: StoreDoor, signal: AbortSignal): Promise<Finding> {
  const { status, text } = await door.ask({ method: 'GET', query: [['lifecycle', '']] }, signal);
  const check = 'bucket.lifecycle';
  if (status !== 200) return ok(check, 'no rule, or none that these keys may see');
  const rules = text.match(/<Rule>[\s\S]*?<\/Rule>/g) ?? [];
  const active = rules.filter((rule) => /<Status>Enabled</.test(rule));
  if (active.some((rule) => putsAway.test(rule)))
    return warning(
      check,
      'lifecycle rules put objects away where they cannot be read at once (GLACIER)',
      'none: media are read for years',
      'remove these rules, or limit them to prefixes that are no media (s3cmd getlifecycle s3://BUCKET)',
    );
  const expiring = active.filter((rule) => throwsAway.test(rule));
  if (expiring.length === 0) return ok(check, 'no rule deletes objects');
  return warning(
    check,
    `${expiring.length} lifecycle rules delete objects by themselves`,
    'none: what was carried up and then deleted is on no disk any more',
    'remove these rules, or limit them to prefixes that are no media (s3cmd getlifecycle s3://BUCKET)',
  );
}
