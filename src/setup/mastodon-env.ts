import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import type { OldBucket, OldRoute } from './answers.ts';
import type { Given } from './questions.ts';

/** What Mastodon's own settings tell. */
export interface FromMastodon {
  readonly given: Given;
  /** The bucket that Mastodon uses now; undefined where media are on a disk only. */
  readonly bucketInUse: (OldBucket & { readonly accessKey: string; readonly secretKey: string }) | undefined;
  readonly keyPrefix: string;
  readonly oldRoutes: readonly OldRoute[];
  readonly extraMediaHosts: readonly string[];
  /** Sentences for the operator about what is out of the ordinary. They hold no secrets. */
  readonly notes: readonly string[];
}

/**
 * Reads a `.env.production`. Names and defaults are those of Mastodon's config/initializers/paperclip.rb and of its documentation
 * ("Configuring your environment").
 *
 * @param railsRoot the directory that the file is in: `:rails_root` and relative paths begin there
 */
export function readMastodonEnv(text: string, railsRoot: string): FromMastodon {
  // A variable that is there and empty is for Mastodon mostly as if it was not; where it is not, `env` is asked.
  // Some editors begin a file with a mark of its byte order.
  const env: NodeJS.Dict<string> = parseEnv(text.replace(/^\uFEFF/, ''));
  const notes: string[] = [];
  const webHost = host(env.WEB_DOMAIN) ?? host(env.LOCAL_DOMAIN);
  if (webHost === undefined) notes.push('LOCAL_DOMAIN is not set: is this the .env.production of the instance?');
  const bucket = bucketOf(env);
  const inUse = env.S3_ENABLED === 'true';
  noteOddities(env, notes);
  noteDollars(text, notes);
  const keyPrefix = inUse && env.S3_KEY_PREFIX ? `${trimSlashes(env.S3_KEY_PREFIX)}/` : '';
  const alias = host(env.S3_ALIAS_HOST) ?? host(env.S3_CLOUDFRONT_HOST);
  const root = env.PAPERCLIP_ROOT_PATH || ':rails_root/public/system';
  const given = {
    webHost,
    mediaHost: alias,
    endpoint: bucket.endpoint,
    region: bucket.region,
    bucket: env.S3_BUCKET,
    bucketAccessKey: env.AWS_ACCESS_KEY_ID,
    bucketSecretKey: env.AWS_SECRET_ACCESS_KEY,
    acls: env.S3_PERMISSION !== undefined && env.S3_PERMISSION !== 'public-read' ? 'no' : undefined,
    root: resolve(
      railsRoot,
      root.replace(/^:rails_root\b/, () => railsRoot),
    ),
  };
  return {
    given: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== '')),
    bucketInUse: inUse && bucket.endpoint && env.S3_BUCKET ? bucketInUse(env, bucket.endpoint, keyPrefix) : undefined,
    keyPrefix,
    oldRoutes: oldRoutesOf(env, notes),
    extraMediaHosts: (env.EXTRA_MEDIA_HOSTS ?? '').split(/[\s,]+/).filter(Boolean),
    notes,
  };
}

function bucketInUse(env: NodeJS.Dict<string>, endpoint: string, keyPrefix: string): FromMastodon['bucketInUse'] {
  return {
    endpoint,
    region: env.S3_REGION || 'us-east-1',
    name: env.S3_BUCKET ?? '',
    keyPrefix,
    acls: env.S3_PERMISSION === undefined || env.S3_PERMISSION === 'public-read',
    accessKey: env.AWS_ACCESS_KEY_ID ?? '',
    secretKey: env.AWS_SECRET_ACCESS_KEY ?? '',
  };
}

/** Without S3_ENDPOINT Mastodon talks to Amazon, in S3_REGION. */
function bucketOf(env: NodeJS.Dict<string>): { endpoint: string | undefined; region: string | undefined } {
  const region = env.S3_REGION || undefined;
  if (env.S3_ENDPOINT) return { endpoint: env.S3_ENDPOINT, region };
  return { endpoint: env.S3_BUCKET ? `https://s3.${region ?? 'us-east-1'}.amazonaws.com` : undefined, region };
}

/** Where links to media on the disk point: below the instance's own host unless it says otherwise. */
function oldRoutesOf(env: NodeJS.Dict<string>, notes: string[]): OldRoute[] {
  const routes: OldRoute[] = [];
  const alias = /^(?:https?:\/\/)?([^/]+)(\/.+)$/.exec(env.S3_ENABLED === 'true' ? (env.S3_ALIAS_HOST ?? '') : '');
  const [, aliasHost, aliasPath = ''] = alias ?? [];
  if (aliasHost && trimSlashes(aliasPath) !== '')
    routes.push({ host: aliasHost, prefix: `/${trimSlashes(aliasPath)}/` });
  const cdn = host(env.CDN_HOST);
  const rootUrl = env.PAPERCLIP_ROOT_URL || '/system';
  const url = URL.canParse(rootUrl) ? new URL(rootUrl) : undefined;
  const prefix = `/${trimSlashes(url?.pathname ?? rootUrl)}/`.replace('//', '/');
  const web = host(env.WEB_DOMAIN) ?? host(env.LOCAL_DOMAIN);
  if (url) routes.push({ host: url.host, prefix });
  else if (web !== undefined && prefix !== '/system/') routes.push({ host: web, prefix });
  if (cdn !== undefined) {
    routes.push({ host: cdn, prefix: url ? '/system/' : prefix });
    notes.push(
      `CDN_HOST is ${cdn}: links to media point there too, so have ${cdn}${prefix} answered by Upstairs before the disk is switched off`,
    );
  }
  return routes;
}

function noteOddities(env: NodeJS.Dict<string>, notes: string[]): void {
  const note = (when: unknown, text: string) => {
    if (when) notes.push(text);
  };
  const enabled = env.S3_ENABLED === 'true';
  note(
    !enabled && env.S3_BUCKET,
    'S3_BUCKET is set and S3_ENABLED is not true: taken for the bucket where media will move to',
  );
  note(
    env.SWIFT_ENABLED === 'true' || env.AZURE_ENABLED === 'true',
    'SWIFT_ENABLED or AZURE_ENABLED is true: media that are kept there are not reached by Upstairs',
  );
  note(
    enabled && env.S3_KEY_PREFIX,
    'S3_KEY_PREFIX is set: Upstairs takes it over as bucket.keyPrefix, so take it out of Mastodon; links that have it in their path already ' +
      'need a rewrite in nginx',
  );
  note(
    env.S3_OVERRIDE_PATH_STYLE === 'true',
    'S3_OVERRIDE_PATH_STYLE is true, which turns path style off: take it out, or the write host needs a certificate for the bucket below its name',
  );
  note(
    env.CACHE_BUSTER_ENABLED === 'true',
    'CACHE_BUSTER_ENABLED is true already: its settings in mastodon.env replace those you have; what they were for learns of deletes no more',
  );
  note(
    env.ALTERNATE_DOMAINS,
    'ALTERNATE_DOMAINS is set: where links to media have one of these names, give it a route of its own under read.routes',
  );
}

/** Names whose value was found to be changed by dotenv, which Mastodon reads the file with: `$NAME` stands for another variable in it. */
function noteDollars(text: string, notes: string[]): void {
  for (const [, name] of text.matchAll(
    /^\s*(?:export\s+)?((?:S3|AWS|PAPERCLIP|CDN|LOCAL|WEB)_\w+)\s*=(?!\s*').*(?<!\\)\$/gm,
  ))
    notes.push(
      `${name} has a $ in it, which Mastodon takes for another variable, and this command for itself: see whether what was taken over is right`,
    );
}

/** A host name out of `https://cdn.example/`, `cdn.example/` or `cdn.example`. */
function host(text: string | undefined): string | undefined {
  const bare = text
    ?.trim()
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/, '');
  return bare || undefined;
}

function trimSlashes(text: string): string {
  return text.replace(/^\/+|\/+$/g, '');
}
