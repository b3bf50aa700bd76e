import { isAbsolute } from 'node:path';
import type { z } from 'zod';
import { bucketSchema } from '../config/bucket-schema.ts';
import { hostName } from '../config/host-name.ts';

export type QuestionName =
  | 'webHost'
  | 'mediaHost'
  | 'writeHost'
  | 'endpoint'
  | 'region'
  | 'bucket'
  | 'bucketAccessKey'
  | 'bucketSecretKey'
  | 'acls'
  | 'root'
  | 'state';

/** Texts by question, as they were given or found. */
export type Given = { readonly [name in QuestionName]?: string };

export interface Question {
  readonly name: QuestionName;
  /** How it is answered without being asked. */
  readonly by: string;
  readonly text: string;
  /** Not shown while it is typed, and no default is. */
  readonly secret?: true;
  /** What stands in brackets behind the question; `given` has all earlier answers. */
  readonly initial?: (given: Given) => string | undefined;
  /** The answer as it is kept, or what is wrong with it, without the answer itself. */
  readonly read: (text: string) => { readonly value: string } | { readonly problem: string };
}

/** In the order in which they are asked. */
export const questions: readonly Question[] = [
  {
    name: 'webHost',
    by: '--web-host',
    text: 'Host name of your instance, as it stands in the address bar',
    read: as(hostName()),
  },
  {
    name: 'mediaHost',
    by: '--media-host',
    text: 'Host name for media: what will stand in pages and posts',
    initial: ({ webHost }) => `files.${webHost}`,
    read: as(hostName()),
  },
  {
    name: 'writeHost',
    by: '--write-host',
    text: 'Host name where Mastodon will write its media',
    initial: ({ webHost }) => `s3.${webHost}`,
    read: as(hostName()),
  },
  {
    name: 'endpoint',
    by: '--endpoint',
    text: 'URL of the S3 service, without the bucket (https://fra1.digitaloceanspaces.com)',
    read: as(bucketSchema.shape.endpoint),
  },
  {
    name: 'region',
    by: '--region',
    text: 'Its region',
    initial: ({ endpoint }) => regionOf(endpoint),
    read: as(bucketSchema.shape.region),
  },
  { name: 'bucket', by: '--bucket', text: 'Name of the bucket', read: as(bucketSchema.shape.name) },
  {
    name: 'bucketAccessKey',
    by: '--bucket-access-key',
    text: "The bucket's access key id",
    read: as(bucketSchema.shape.accessKey),
  },
  {
    name: 'bucketSecretKey',
    by: '--bucket-secret-file, or UPSTAIRS_BUCKET_SECRET in the environment',
    text: "The bucket's secret key",
    secret: true,
    read: as(bucketSchema.shape.secretKey),
  },
  {
    name: 'acls',
    by: '--acls',
    text: 'Does the bucket keep object ACLs? Spaces, AWS and Ceph do; Garage, R2 and Backblaze do not',
    initial: ({ endpoint }) => (withoutAcls.test(endpoint ?? '') ? 'no' : 'yes'),
    read: yesOrNo,
  },
  {
    name: 'root',
    by: '--root',
    text: "Directory of the media on the old disk, Mastodon's public/system; none: there is no disk",
    initial: () => '/home/mastodon/live/public/system',
    read: directoryOrNone,
  },
  {
    name: 'state',
    by: '--state',
    text: 'Directory for what Upstairs must remember, on a disk that is well',
    initial: () => '/var/lib/upstairs',
    read: directory,
  },
];

/** Hosts of stores that keep no object ACLs. */
const withoutAcls = /\.(r2\.cloudflarestorage|backblazeb2)\.com$/;

/** `https://s3.eu-west-1.amazonaws.com` tells its region; others take us-east-1 or tell it to nobody. */
function regionOf(endpoint: string | undefined): string {
  const [, region] = /\bs3[.-]([a-z]{2}-[a-z-]+-\d+)\./.exec(endpoint ?? '') ?? [];
  return region ?? (/\.r2\.cloudflarestorage\.com$/.test(endpoint ?? '') ? 'auto' : 'us-east-1');
}

function as(schema: z.ZodType<string>): Question['read'] {
  return (text) => {
    const parsed = schema.safeParse(text);
    return parsed.success ? { value: parsed.data } : { problem: parsed.error.issues[0]?.message ?? 'is not valid' };
  };
}

function yesOrNo(text: string): ReturnType<Question['read']> {
  if (/^(y|yes|true)$/i.test(text)) return { value: 'yes' };
  if (/^(n|no|false)$/i.test(text)) return { value: 'no' };
  return { problem: 'must be yes or no' };
}

function directory(text: string): ReturnType<Question['read']> {
  if (!isAbsolute(text)) return { problem: 'must be an absolute path' };
  return /\p{Cc}/u.test(text) ? { problem: 'must be a path without line breaks and the like' } : { value: text };
}

function directoryOrNone(text: string): ReturnType<Question['read']> {
  return text === 'none' ? { value: text } : directory(text);
}
