import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Answers, OldBucket, Secrets } from './answers.ts';

/** The commented `upstairs.yaml` of a set-up: what differs between instances, and nothing whose default will do. */
export function upstairsYaml(answers: Answers, secretsDir: string): string {
  const { webHost, writeHost, mediaHost, bucket, stateDir } = answers;
  const secret = (name: keyof Secrets) => scalar(`\${file:${join(secretsDir, name)}}`, true);
  return `# Upstairs for ${webHost}, begun by \`upstairs init\`. config/upstairs.example.yaml tells of every option and its default.
# After a change: upstairs check -c this file, then start Upstairs anew.

# front: media are served and nothing is copied, because Mastodon still writes to its disk, and what it deletes there would not be deleted
# above. Set move once Mastodon writes through the write host (mastodon.env): from then on media move up.
phase: front

# What was deleted and what was copied. Not on the old disk, and in your backups: upstairs ledger backup.
state:
  dir: ${scalar(stateDir)}

# Where readers come in: nginx hands them on (nginx-upstairs.conf), and is believed when it says who they are.
read:
  listen: 127.0.0.1:8080
  trustProxy: [127.0.0.1]
  routes:
    # What stands in pages and posts from now on.
    - host: ${scalar(mediaHost)}
      prefix: /
    # Links that are out there already; other servers keep them for years.
${routes(answers).join('\n')}
  # After a delete Mastodon asks for its URL to be forgotten. The secret is CACHE_BUSTER_SECRET in mastodon.env.
  purge:
    secret: ${secret('purge-secret')}

# Where Mastodon writes and deletes: everything has to go through here, or what is deleted comes back off the old disk.
write:
  listen: 127.0.0.1:8081
  trustProxy: [127.0.0.1]
  hosts:
    - ${scalar(writeHost)}
  # What Mastodon signs for, wherever the bucket is.
  region: us-east-1
  # A key pair that was made up for Mastodon. It opens nothing but the write host.
  keys:
    - name: mastodon
      accessKey: ${secret('mastodon-access-key')}
      secretKey: ${secret('mastodon-secret-key')}
      rights: [read, write, delete]

# For the operator's own machines: how the move goes (http://127.0.0.1:9180/), metrics, and the orders of who has the token.
admin:
  listen: 127.0.0.1:9180
  token: ${secret('admin-token')}

# Where media move to.
bucket:
  endpoint: ${scalar(bucket.endpoint)}
  region: ${scalar(bucket.region)}
  name: ${scalar(bucket.name)}
${bucket.keyPrefix === '' ? '' : `  # Mastodon's S3_KEY_PREFIX until now.\n  keyPrefix: ${scalar(bucket.keyPrefix)}\n`}  # The bucket's own key pair. Mastodon does not need it any more.
  accessKey: ${secret('bucket-access-key')}
  secretKey: ${secret('bucket-secret-key')}
${bucket.acls ? withAcls : withoutAcls}
# The old places, in the order in which they are asked. A second disk is a second entry with a name of its own.
sources:
${[disk(answers.root), oldBucket(answers.oldBucket, secret)].filter(Boolean).join('\n')}
# What is never served: people's exports and imports.
media:
  private: [backups/, imports/]
`;
}

const withAcls = `  # The store itself hides what was made private.
  acls: true
`;

const withoutAcls = `  # The bucket keeps no object ACLs: it is to be closed to strangers, and what is private is known to Upstairs alone.
  acls: false
  reads: signed
`;

function routes({ webHost, mediaHost, oldRoutes }: Answers): string[] {
  const seen = new Set<string>();
  return [{ host: webHost, prefix: '/system/' }, ...oldRoutes].flatMap(({ host, prefix }) => {
    // All paths of the media host are media already.
    if (host === mediaHost || seen.has(`${host}${prefix}`)) return [];
    seen.add(`${host}${prefix}`);
    return [`    - host: ${scalar(host)}\n      prefix: ${scalar(prefix)}`];
  });
}

function disk(root: string | undefined): string {
  if (root === undefined) return '';
  return `  # Mastodon's media on the old disk. It is only read. Files that group and others may not read count as private.
  - type: disk
    name: basement
    root: ${scalar(root)}
    # The night it dies, Upstairs has to start without it: everything else is served, and what only it may have is 503 until it is there.
    required: false
`;
}

function oldBucket(old: OldBucket | undefined, secret: (name: keyof Secrets) => string): string {
  if (old === undefined) return '';
  return `  # The bucket that Mastodon uses until now. It is only read.
  - type: s3
    name: old-bucket
    endpoint: ${scalar(old.endpoint)}
    region: ${scalar(old.region)}
    bucket: ${scalar(old.name)}
${old.keyPrefix === '' ? '' : `    keyPrefix: ${scalar(old.keyPrefix)}\n`}    accessKey: ${secret('old-bucket-access-key')}
    secretKey: ${secret('old-bucket-secret-key')}
    # true: an object that its ACL does not show to everybody is private.
    acls: ${old.acls}
`;
}

/** Text as a YAML value on one line; a `${` in it is meant as it stands, unless it is ours. */
function scalar(text: string, interpolated = false): string {
  return stringify(interpolated ? text : text.replaceAll('${', () => '$${'), { lineWidth: 0 }).trimEnd();
}
