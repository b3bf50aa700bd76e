import { pathTo, present } from '../forge.ts';
import { accessDenied, type ForgedRequest, noSuchBucket, refused } from './forged-request.ts';

const noSuchHost = {
  status: [400, 403, 404],
  code: ['AccessDenied', 'InvalidRequest', 'InvalidArgument', 'InvalidURI', 'NoSuchBucket'],
};

/** Other buckets, and what would change this one. */
export const forgedBuckets: readonly ForgedRequest[] = [
  refused('an unknown bucket', (c) => ({ path: `/${c.otherBucket}/secret` }), noSuchBucket),
  refused("the store's name of the bucket", (c) => ({ path: pathTo(c.storeBucket, present) }), noSuchBucket),
  refused('a bucket in capitals', (c) => ({ path: pathTo(c.bucket.toUpperCase(), present) }), noSuchBucket),
  refused(
    'an unknown bucket as virtual host',
    (c) => ({ host: `${c.otherBucket}.${c.host}`, path: '/secret' }),
    noSuchHost,
  ),
  refused('an unknown host', { host: 'evil.test' }, noSuchHost),
  refused('a host that ends like ours', (c) => ({ host: `evil${c.host}` }), noSuchHost),
  refused('a list of buckets', { path: '/' }, accessDenied),
  refused('a new bucket', { method: 'PUT', path: '/forged-bucket' }, accessDenied),
  refused('the bucket made once more', (c) => ({ method: 'PUT', path: `/${c.bucket}` }), accessDenied),
  refused(
    'the bucket made once more, public',
    (c) => ({ method: 'PUT', path: `/${c.bucket}/`, headers: { 'X-Amz-Acl': 'public-read-write' } }),
    accessDenied,
  ),
  refused('the bucket deleted', (c) => ({ method: 'DELETE', path: `/${c.bucket}` }), accessDenied),
  refused(
    'the bucket deleted, as virtual host',
    (c) => ({ method: 'DELETE', host: `${c.bucket}.${c.host}`, path: '/' }),
    accessDenied,
  ),
  ...[
    'acl',
    'policy',
    'versioning',
    'cors',
    'lifecycle',
    'website',
    'logging',
    'encryption',
    'notification',
    'tagging',
    'replication',
    'publicAccessBlock',
    'ownershipControls',
    'object-lock',
  ].map((name) =>
    refused(
      `PUT of the bucket's ${name}`,
      (c) => ({ method: 'PUT', path: `/${c.bucket}`, query: name, body: '<X/>' }),
      accessDenied,
    ),
  ),
  ...['policy', 'lifecycle', 'cors', 'website', 'tagging'].map((name) =>
    refused(
      `DELETE of the bucket's ${name}`,
      (c) => ({ method: 'DELETE', path: `/${c.bucket}`, query: name }),
      accessDenied,
    ),
  ),
  ...['policy', 'versions', 'acl', 'lifecycle', 'inventory', 'x-unknown'].map((name) =>
    refused(`GET of the bucket's ${name}`, (c) => ({ path: `/${c.bucket}`, query: name }), {
      status: [403, 501],
      code: ['NotImplemented', 'AccessDenied'],
    }),
  ),
];
