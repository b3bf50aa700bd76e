import { readFileSync } from 'node:fs';
import type { Answers, Secrets } from './answers.ts';

/** Files of config/, which is beside both src/ and dist/. */
function template(name: string): string {
  return readFileSync(new URL(`../../config/${name}`, import.meta.url), 'utf8');
}

/** The names that stand in the templates; the longer ones hold the shorter. */
const hosts = /files\.example\.social|s3\.example\.social|example\.social/g;

function withHosts(text: string, { mediaHost, writeHost, webHost }: Answers): string {
  const own: Record<string, string> = {
    'files.example.social': mediaHost,
    's3.example.social': writeHost,
    'example.social': webHost,
  };
  return text.replace(hosts, (name) => own[name] ?? name);
}

/** `nginx-upstairs.conf`: config/nginx/upstairs.conf with the names of this instance. */
export function nginxConf(answers: Answers): string {
  // The names are in their places already.
  return withHosts(template('nginx/upstairs.conf').replace(/ Replace .* by your names\./, ''), answers);
}

/** `mastodon.env`: config/mastodon.env.example with the values of this set-up. It holds secrets. */
export function mastodonEnv(answers: Answers, secrets: Secrets): string {
  const { mediaHost, writeHost, bucket, extraMediaHosts } = answers;
  const media = [`https://${writeHost}`, `https://${mediaHost}`, ...extraMediaHosts];
  const values: Record<string, string> = {
    S3_BUCKET: bucket.name,
    AWS_ACCESS_KEY_ID: secrets['mastodon-access-key'],
    AWS_SECRET_ACCESS_KEY: secrets['mastodon-secret-key'],
    CACHE_BUSTER_SECRET: secrets['purge-secret'],
    EXTRA_MEDIA_HOSTS: [...new Set(media)].join(','),
  };
  return withHosts(template('mastodon.env.example'), answers)
    .replaceAll('example-social-media', bucket.name)
    .replaceAll('config/upstairs.example.yaml', 'upstairs.yaml')
    .replaceAll(`\${MASTODON_ACCESS_KEY}`, 'secrets/mastodon-access-key')
    .replaceAll('/run/secrets/mastodon_secret', 'secrets/mastodon-secret-key')
    .replaceAll('/run/secrets/purge_secret', 'secrets/purge-secret')
    .replace(/^([A-Z_0-9]+)=.*$/gm, (line, name: string) => (name in values ? `${name}=${values[name]}` : line));
}
