import type { Answers, OldBucket, Secrets } from './answers.ts';
import type { FromMastodon } from './mastodon-env.ts';
import type { Given } from './questions.ts';

/** All questions, answered. */
export type Answered = Required<Given>;

export interface SetUp {
  readonly answers: Answers;
  /** The bucket's; those that are made up come to it later. */
  readonly secrets: Omit<Secrets, 'admin-token' | 'mastodon-access-key' | 'mastodon-secret-key' | 'purge-secret'>;
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

/** Puts together what was answered and what Mastodon's settings tell, and says what does not go together. */
export function assemble(given: Answered, mastodon: FromMastodon | undefined): SetUp {
  const { webHost, mediaHost, writeHost, endpoint, bucket: name } = given;
  const inUse = mastodon?.bucketInUse;
  const isDestination = inUse !== undefined && sameBucket(inUse, endpoint, name);
  const isOurs = inUse !== undefined && URL.canParse(inUse.endpoint) && new URL(inUse.endpoint).hostname === writeHost;
  const old = inUse === undefined || isDestination || isOurs ? undefined : inUse;
  const root = given.root === 'none' ? undefined : given.root;
  const keyPrefix = isDestination ? inUse.keyPrefix : '';
  const answers: Answers = {
    webHost,
    mediaHost,
    writeHost,
    root,
    bucket: { endpoint, region: given.region, name, keyPrefix, acls: given.acls === 'yes' },
    stateDir: given.state,
    oldBucket: old && plain(old),
    oldRoutes: mastodon?.oldRoutes ?? [],
    extraMediaHosts: mastodon?.extraMediaHosts ?? [],
  };
  return {
    answers,
    secrets: {
      'bucket-access-key': given.bucketAccessKey,
      'bucket-secret-key': given.bucketSecretKey,
      ...(old && { 'old-bucket-access-key': old.accessKey, 'old-bucket-secret-key': old.secretKey }),
    },
    problems: [...problemsOf(answers)],
    notes: [...(inUse === undefined ? [] : [isOurs ? switched : noteOn(inUse, isDestination)]), ...cutOff(answers)],
  };
}

function* problemsOf({ webHost, mediaHost, writeHost, bucket, root, oldBucket }: Answers): Generator<string> {
  if (new Set([webHost, mediaHost, writeHost]).size < 3)
    yield 'the instance, its media and the write host need three host names: --web-host, --media-host, --write-host';
  if (new URL(bucket.endpoint).hostname === writeHost)
    yield 'the endpoint is the write host: name the store itself with --endpoint, --bucket and the key pair of that bucket';
  if (root === undefined && oldBucket === undefined)
    yield 'there is nowhere to take media from: name the old disk with --root';
}

/** One host cannot have two routes of which one holds the other: one URL would have two keys. */
function cutOff({ mediaHost, oldRoutes }: Answers): string[] {
  return oldRoutes
    .filter(({ host, prefix }) => host === mediaHost && prefix !== '/')
    .map(
      ({ host, prefix }) =>
        `links to https://${host}${prefix}… are out there, and without ${prefix} from now on: choose another --media-host, or add to the server of ` +
        `${host} in nginx: rewrite ^${prefix}(.*)$ /$1 break;`,
    );
}

const switched = 'Mastodon writes through the write host already: nothing of its settings was taken for a bucket';

function noteOn({ name, endpoint }: OldBucket, isDestination: boolean): string {
  const now = `S3_ENABLED is true: Mastodon keeps its media in the bucket ${name} at ${endpoint} now`;
  return isDestination
    ? `${now}. It is taken for the bucket where all media will be. Until Mastodon writes through the write host, what it deletes comes back ` +
        'from the old disk where that still has it'
    : `${now}. It is another than the one where media will be, and becomes a source: it is only read`;
}

function sameBucket(inUse: OldBucket, endpoint: string, name: string): boolean {
  return inUse.name === name && URL.canParse(inUse.endpoint) && new URL(inUse.endpoint).origin === endpoint;
}

function plain({ endpoint, region, name, keyPrefix, acls }: OldBucket): OldBucket {
  return { endpoint: URL.canParse(endpoint) ? new URL(endpoint).origin : endpoint, region, name, keyPrefix, acls };
}
