import { once } from 'node:events';
import { readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import {
  ListObjectsV2Command,
  PutBucketAclCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { merge, type PlainConfig } from '../support/base-config.ts';
import { makeCertificate } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { type Decide, faultProxy } from '../support/fault-proxy.ts';
import { type DiskRules, type FaultyDisk, mountFaultyDisk } from '../support/faulty-disk.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/left-out.ts';
import { basement, jpeg } from '../support/media-files.ts';
import { type Rgw, sharedRgw } from '../support/rgw.ts';
import { grant, type RgwUser, rgwUser } from '../support/rgw-user.ts';
import { type CheckRun, findings, runCheck } from '../support/run-check.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs } from '../support/upstairs.ts';

const nobody = 65534;
const all = [
  's3:ListBucket',
  's3:GetBucketVersioning',
  's3:GetObject',
  's3:PutObject',
  's3:DeleteObject',
  's3:PutObjectAcl',
  's3:GetObjectAcl',
];
const but = (...without: string[]) => all.filter((action) => !without.includes(action));

/** What one wrong set-up is made with. */
interface Bench {
  readonly rgw: Rgw;
  readonly bucket: string;
  /** A user who may do only what is granted. */
  readonly limited: RgwUser;
  /** Calls something when the test is over. */
  readonly atEnd: (end: () => unknown) => void;
  /** The store behind a proxy. */
  proxied(decide?: Decide, options?: Parameters<typeof faultProxy>[2]): Promise<PlainConfig>;
  /** A disk of its own that fails by rule. */
  failing(rules: DiskRules): Promise<PlainConfig>;
  /** A directory on the disk that the state is on. */
  plain(): Promise<{ root: string; config: PlainConfig }>;
}

interface WrongSetUp {
  readonly name: string;
  /** Changes to a right configuration; the bucket is fresh. */
  readonly wrong: (bench: Bench) => PlainConfig | Promise<PlainConfig>;
  /** Every check that says something, and no other; the first is the cause. */
  readonly names: readonly string[];
  readonly code?: 1 | 2;
  /** What the operator is told to do has this in it. */
  readonly todo: string;
  readonly run?: CheckRun;
}

const keys = ({ accessKey, secretKey }: RgwUser): PlainConfig => ({ bucket: { accessKey, secretKey } });

/** A limited user that may do some things. */
function may(...actions: string[]): WrongSetUp['wrong'] {
  return async ({ rgw, bucket, limited }) => {
    await grant(rgw, bucket, limited, actions);
    return keys(limited);
  };
}

/** Public objects, and private ones. */
async function objects({ rgw, bucket }: Bench, count: number, acl: 'public-read' | 'private'): Promise<void> {
  for (let i = 0; i < count; i++)
    await rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key: `${acl}/${i}.jpg`, Body: 'jpg', ACL: acl }));
}

const wrongBuckets: WrongSetUp[] = [
  {
    name: 'an access key that the store does not know',
    wrong: () => ({ bucket: { accessKey: 'NOSUCHKEY' } }),
    names: ['bucket.access-key'],
    todo: 'bucket.accessKey',
  },
  {
    name: "another key's secret",
    wrong: () => ({ bucket: { secretKey: 'not-the-secret' } }),
    names: ['bucket.secret-key'],
    todo: 'bucket.secretKey',
  },
  {
    name: 'a bucket of another region',
    wrong: ({ proxied }) =>
      proxied(() => ({
        status: 400,
        body: '<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-central-1</Region></Error>',
      })),
    names: ['bucket.region'],
    todo: 'set bucket.region: eu-central-1',
  },
  {
    name: 'a bucket that does not exist',
    wrong: () => ({ bucket: { name: 'there-is-no-such-bucket' } }),
    names: ['bucket.exists'],
    todo: 'bucket.name',
  },
  {
    name: 'an endpoint where nothing listens',
    wrong: async () => ({ bucket: { endpoint: `http://127.0.0.1:${await freePort()}` } }),
    names: ['bucket.reachable'],
    todo: 'bucket.endpoint',
  },
  {
    name: 'an endpoint that speaks no TLS',
    wrong: ({ rgw }) => ({ bucket: { endpoint: rgw.endpoint.replace('http:', 'https:') } }),
    names: ['bucket.reachable'],
    todo: 'certificate',
  },
  {
    name: 'a store that takes connections and never answers',
    wrong: async ({ proxied }) => merge(await proxied(() => 'hang'), { bucket: { headersTimeout: '500ms' } }),
    names: ['bucket.reachable'],
    todo: 'hangs',
  },
  {
    name: 'a website in place of the S3 endpoint',
    wrong: ({ proxied }) => proxied(() => ({ status: 200, body: '<h1>Welcome</h1>' })),
    names: ['bucket.missing-key'],
    todo: 'S3',
  },
  {
    name: 'a limited key that answers 403 for what is missing',
    wrong: may(...but('s3:ListBucket')),
    names: ['bucket.missing-key'],
    todo: 's3:ListBucket',
  },
  {
    name: 'a key that may only read',
    wrong: may('s3:ListBucket', 's3:GetBucketVersioning', 's3:GetObject'),
    names: ['bucket.may-put'],
    todo: 's3:PutObject',
  },
  {
    name: 'a bucket that is full',
    wrong: ({ proxied }) =>
      proxied(({ method }) =>
        method === 'PUT' ? { status: 403, body: '<Error><Code>QuotaExceeded</Code></Error>' } : 'pass',
      ),
    names: ['bucket.quota'],
    todo: 'raise the quota',
  },
  {
    name: 'a bucket that takes no upload with an ACL, not even a private one',
    wrong: ({ proxied }) =>
      proxied(({ method }) =>
        method === 'PUT' ? { status: 400, body: '<Error><Code>AccessControlListNotSupported</Code></Error>' } : 'pass',
      ),
    names: ['bucket.acls'],
    todo: 'Object Ownership',
  },
  {
    name: 'a key that may not delete',
    wrong: may(...but('s3:DeleteObject')),
    names: ['bucket.may-delete', 'bucket.left-behind'],
    todo: 's3:DeleteObject',
  },
  {
    name: 'a key that may not change ACLs',
    async wrong({ rgw, bucket, limited }) {
      await grant(rgw, bucket, limited, but('s3:PutObjectAcl'), ['s3:PutObjectAcl']);
      return keys(limited);
    },
    names: ['bucket.may-put-acl'],
    todo: 's3:PutObjectAcl',
  },
  {
    name: 'a key that may not ask for versions',
    wrong: may(...but('s3:GetBucketVersioning')),
    names: ['bucket.versioning'],
    todo: 's3:GetBucketVersioning',
  },
  {
    name: 'a store without conditional PUT',
    wrong: ({ proxied }) => proxied(undefined, { dropHeader: ['if-none-match'] }),
    names: ['bucket.conditional-put'],
    code: 2,
    todo: 'works without',
  },
  {
    name: 'a store that does not look at Content-MD5',
    wrong: ({ proxied }) => proxied(undefined, { dropHeader: ['content-md5'] }),
    names: ['bucket.checksum'],
    code: 2,
    todo: 'TLS',
  },
  {
    name: 'a store that ignores ACLs',
    wrong: ({ proxied }) =>
      proxied(({ query, method }) => (method === 'PUT' && query.has('acl') ? { status: 501 } : 'pass'), {
        dropHeader: ['x-amz-acl'],
      }),
    names: ['bucket.acls', 'bucket.may-put-acl'],
    todo: 'bucket.acls: false',
  },
  {
    name: 'a bucket whose public ACLs are blocked',
    async wrong({ rgw, bucket }) {
      const PublicAccessBlockConfiguration = { BlockPublicAcls: true };
      await rgw.client.send(new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration }));
      return {};
    },
    names: ['bucket.public-access-block'],
    todo: 'Block Public Access',
  },
  {
    name: 'a bucket policy that shows everybody everything',
    async wrong({ rgw, bucket }) {
      await grant(rgw, bucket, 'everybody', ['s3:GetObject']);
      return {};
    },
    names: ['bucket.acls'],
    todo: 'bucket policy',
  },
  {
    name: 'a bucket that is said to have no ACLs, and that nobody can read',
    wrong: () => ({ bucket: { acls: false } }),
    names: ['bucket.public-reads'],
    todo: 'bucket.acls: true',
  },
  {
    name: 'signed reads of a bucket that has ACLs',
    wrong: () => ({ bucket: { acls: false, reads: 'signed' } }),
    names: ['bucket.acls'],
    todo: 'bucket.acls: true',
  },
  {
    name: 'a versioned bucket',
    async wrong({ rgw, bucket }) {
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      await rgw.client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
      return {};
    },
    names: ['bucket.versioning'],
    todo: 'fresh bucket',
  },
  {
    name: 'a bucket that anybody can list',
    async wrong({ rgw, bucket }) {
      await rgw.client.send(new PutBucketAclCommand({ Bucket: bucket, ACL: 'public-read' }));
      return {};
    },
    names: ['bucket.listing'],
    code: 2,
    todo: 'private',
  },
  {
    name: 'a bucket that throws away what is old',
    async wrong({ rgw, bucket }) {
      const Rules = [{ ID: 'old', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 365 } } as const];
      await rgw.client.send(
        new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration: { Rules } }),
      );
      return {};
    },
    names: ['bucket.lifecycle'],
    code: 2,
    todo: 'rules',
  },
  {
    name: 'objects that an earlier rclone put up as private',
    async wrong(bench) {
      await objects(bench, 17, 'private');
      await objects(bench, 3, 'public-read');
      return {};
    },
    names: ['bucket.public-objects'],
    todo: 'upstairs acl fix',
  },
  {
    name: 'a bucket that belongs to another state',
    async wrong({ rgw, bucket }) {
      const Body = JSON.stringify({ ledger: 'another' });
      await rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key: '_upstairs/identity', Body }));
      return {};
    },
    names: ['bucket.identity'],
    todo: 'upstairs ledger restore',
  },
  {
    name: 'a clock that is two minutes behind',
    wrong: ({ proxied }) =>
      proxied(undefined, { answerHeader: { date: () => new Date(Date.now() + 120_000).toUTCString() } }),
    names: ['clock'],
    code: 2,
    todo: 'timedatectl',
  },
  {
    name: 'a clock that is off by an hour',
    wrong: ({ proxied }) => proxied(undefined, { clockOffMs: 3_600_000 }),
    names: ['clock'],
    todo: 'timedatectl',
  },
];

const wrongDisks: WrongSetUp[] = [
  {
    name: 'the state on the dying disk',
    wrong: async ({ plain }) => (await plain()).config,
    names: ['state.dir'],
    code: 2,
    todo: 'dies',
  },
  {
    name: 'the state inside of the media',
    async wrong({ plain }) {
      const { root, config } = await plain();
      return merge(config, { state: { dir: join(root, 'state') } });
    },
    names: ['state.dir'],
    todo: 'move it off the old disk',
  },
  {
    name: 'the state in memory',
    async wrong({ atEnd }) {
      const dir = await mkdtemp('/dev/shm/upstairs-state-');
      atEnd(() => rm(dir, { recursive: true }));
      return { state: { dir }, spool: { disk: '1MiB' } };
    },
    names: ['state.filesystem'],
    code: 2,
    todo: 'move state.dir',
  },
  {
    name: 'a mount point with nothing mounted',
    wrong: () => ({ sources: [{ type: 'disk', name: 'basement', root: scratch('empty') }] }),
    names: ['sources.0.root'],
    todo: 'is the disk mounted?',
  },
  {
    name: 'a subtree that this user may not enter',
    run: { uid: nobody },
    async wrong({ plain, atEnd }) {
      const { root, config } = await plain();
      const state = await mkdtemp('/tmp/upstairs-nobody-');
      atEnd(() => rm(state, { recursive: true }));
      await chmod(state, 0o777);
      await mkdir(join(root, 'closed'), { mode: 0o700 });
      return merge(config, { state: { dir: state } });
    },
    names: ['sources.basement.readable', 'state.dir'],
    todo: 'setfacl',
  },
  {
    name: 'files that an odd umask closed',
    async wrong({ plain }) {
      const { root, config } = await plain();
      await basement(
        root,
        Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`b/${i}.jpg`, { bytes: 'jpg', mode: 0o600 }])),
      );
      return config;
    },
    names: ['sources.basement.modes', 'state.dir'],
    code: 2,
    todo: 'chmod go+r',
  },
  {
    name: 'a symlink to another mount',
    async wrong({ plain }) {
      const { root, config } = await plain();
      symlinkSync('/mnt/b', join(root, 'cache'));
      return config;
    },
    names: ['sources.basement.symlinks', 'state.dir'],
    code: 2,
    todo: 'alsoAllow',
  },
  {
    name: "Mastodon's public directory in place of public/system",
    async wrong({ plain }) {
      const { root, config } = await plain();
      await basement(root, { 'system/media_attachments/files/1/a.jpg': jpeg(1), 'packs/b.css': 'css' });
      return config;
    },
    names: ['sources.basement.layout', 'state.dir'],
    todo: '/system',
  },
  {
    name: 'a root that is one kind of media only',
    async wrong({ plain }) {
      const { root } = await plain();
      await basement(root, { 'media_attachments/files/1/a.jpg': jpeg(1) });
      return { sources: [{ type: 'disk', name: 'basement', root: join(root, 'media_attachments') }] };
    },
    names: ['sources.basement.layout', 'state.dir'],
    todo: 'the directory that media_attachments lies in',
  },
  {
    name: 'files behind a link of alsoAllow that an odd umask closed',
    async wrong({ plain }) {
      const { root } = await plain();
      const to = scratch('b');
      await basement(
        to,
        Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`b/${i}.jpg`, { bytes: 'jpg', mode: 0o600 }])),
      );
      symlinkSync(to, join(root, 'cache'));
      return { sources: [{ type: 'disk', name: 'basement', root, alsoAllow: [{ link: 'cache', to }] }] };
    },
    names: ['sources.basement.cache.modes', 'state.dir', 'state.dir'],
    code: 2,
    todo: 'chmod go+r',
  },
  {
    name: 'a disk that hangs behind a link of alsoAllow',
    async wrong({ plain, failing }) {
      const { root } = await plain();
      const [{ root: to } = {}] = (await failing([{ op: '*', hang: true }])).sources as PlainConfig[];
      symlinkSync(String(to), join(root, 'cache'));
      const alsoAllow = [{ link: 'cache', to }];
      return { sources: [{ type: 'disk', name: 'basement', root, deadline: '1s', alsoAllow }] };
    },
    names: ['sources.basement.cache.answers'],
    todo: 'smartctl',
  },
  {
    name: 'a disk that hangs',
    wrong: async ({ failing }) => failing([{ op: '*', hang: true }]),
    names: ['sources.basement.answers'],
    todo: 'smartctl',
  },
  {
    name: 'a disk that hangs while files are read',
    wrong: async ({ failing }) => failing([{ op: 'read', hang: true }]),
    names: ['sources.basement.answers'],
    todo: 'smartctl',
  },
  {
    name: 'a disk that is slow',
    wrong: async ({ failing }) => merge(await failing([{ op: 'read', delay_ms: 700 }]), {}),
    names: ['sources.basement.latency'],
    code: 2,
    todo: 'smartctl',
  },
  {
    name: 'a disk with damaged sectors',
    wrong: ({ failing }) => failing([{ op: 'read', errno: 'EIO' }]),
    names: ['sources.basement.damaged'],
    code: 2,
    todo: 'ddrescue',
  },
];

/** A web server over there, as an `http` source. */
function over(answer: RequestListener, more: PlainConfig = {}): WrongSetUp['wrong'] {
  return async ({ atEnd }) => {
    const server = createHttpServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    atEnd(() => server.close());
    const { port } = server.address() as AddressInfo;
    return { sources: [{ type: 'http', name: 'over', url: `http://127.0.0.1:${port}/system/`, ...more }] };
  };
}

const wrongRemotes: WrongSetUp[] = [
  {
    name: 'a basement whose web server is down',
    wrong: async () => ({ sources: [{ type: 'http', name: 'over', url: `http://127.0.0.1:${await freePort()}/` }] }),
    names: ['sources.over.reachable'],
    todo: 'curl -v',
  },
  {
    name: 'a basement that answers what is not there with a page',
    wrong: over((_, response) => {
      const headers = { 'content-length': 5, 'last-modified': new Date(0).toUTCString() };
      response.writeHead(200, headers).end('sorry');
    }),
    names: ['sources.over.missing-key'],
    todo: 'try_files $uri =404',
  },
  {
    name: 'a basement that refuses the secret',
    wrong: over((_, response) => response.writeHead(403).end()),
    names: ['sources.over.missing-key'],
    todo: 'secret',
  },
  {
    name: 'a basement whose disk is not mounted',
    wrong: over((_, response) => response.writeHead(404).end(), { canary: 'there.jpg' }),
    names: ['sources.over.reachable'],
    todo: 'is the disk mounted',
  },
  {
    name: 'a basement that gives no ranges',
    wrong: over(
      ({ url, method }, response) => {
        const there = url === '/system/there.jpg';
        response.writeHead(
          there ? 200 : 404,
          there ? { 'content-length': 4, etag: '"x"', 'last-modified': new Date(0).toUTCString() } : {},
        );
        response.end(there && method === 'GET' ? 'jpeg' : undefined);
      },
      { canary: 'there.jpg' },
    ),
    names: ['sources.over.ranges'],
    code: 2,
    todo: 'nginx',
  },
  {
    name: "an old bucket and another key's secret",
    wrong: async ({ rgw }) => {
      const bucket = await rgw.freshBucket('old');
      const old = { endpoint: rgw.endpoint, bucket, accessKey: 'test', secretKey: 'another', acls: true };
      return { sources: [{ type: 's3', name: 'old', ...old }] };
    },
    names: ['sources.old.reachable'],
    todo: 'keys of this source are wrong',
  },
];

const wrongMachines: WrongSetUp[] = [
  {
    name: 'an option that does not exist',
    wrong: () => ({ bucket: { nam: 'x' } }),
    names: ['bucket.nam'],
    todo: 'did you mean name?',
  },
  {
    name: 'a configuration that everybody may read, secrets and all',
    run: { mode: 0o644 },
    wrong: () => ({}),
    names: ['config.file'],
    code: 2,
    todo: 'chmod o=',
  },
  {
    name: 'a key that belongs to another certificate',
    wrong: () => ({
      read: { tls: { cert: makeCertificate(['localhost']).cert, key: makeCertificate(['localhost']).key } },
    }),
    names: ['read.tls.key'],
    todo: 'read.tls.key',
  },
  {
    name: 'a certificate for another host',
    wrong: () => {
      const { cert, key } = makeCertificate(['other.example']);
      return { read: { tls: { cert, key } } };
    },
    names: ['read.tls.cert'],
    code: 2,
    todo: 'refuse',
  },
  {
    name: 'a port that another program holds',
    async wrong({ atEnd }) {
      const port = await freePort();
      const other = createServer().listen(port, '127.0.0.1');
      atEnd(() => other.close());
      return { read: { listen: `127.0.0.1:${port}` } };
    },
    names: ['read.listen'],
    todo: 'ss -ltnp',
  },
  {
    name: 'a port that this user has no right to, unless the unit gives it',
    run: { uid: nobody },
    async wrong({ plain, atEnd }) {
      const { config } = await plain();
      const dir = await mkdtemp('/tmp/upstairs-nobody-');
      atEnd(() => rm(dir, { recursive: true }));
      await chmod(dir, 0o777);
      return merge(config, { state: { dir }, read: { listen: '127.0.0.1:81' } });
    },
    names: ['read.listen', 'state.dir'],
    code: 2,
    todo: 'all is well if it has that',
  },
  {
    name: 'a write host that is open to the world without TLS',
    wrong: () => ({
      write: {
        listen: '0.0.0.0:0',
        hosts: ['localhost'],
        keys: [{ name: 'mastodon', accessKey: 'MADEUP', secretKey: '0123456789abcdef', rights: ['read'] }],
      },
    }),
    names: ['write.trustProxy'],
    code: 2,
    todo: 'write.tls',
  },
  {
    name: 'a Mastodon that does not run',
    wrong: async () => ({
      app: { listen: '127.0.0.1:0', hosts: ['localhost'], web: `http://127.0.0.1:${await freePort()}` },
      read: { routes: [{ host: 'localhost', prefix: '/system/' }] },
    }),
    names: ['app.web'],
    todo: 'app.web',
  },
  {
    name: 'a host name that does not resolve',
    wrong: () => ({ read: { routes: [{ host: 'files.invalid', prefix: '/' }] } }),
    names: ['hosts.files.invalid'],
    code: 2,
    todo: 'AAAA',
  },
  {
    name: 'a ledger that is damaged',
    wrong: () => {
      const dir = scratch('state');
      writeFileSync(join(dir, 'ledger.db'), 'this is no database, and long enough to be one '.repeat(100));
      return { state: { dir } };
    },
    names: ['state.ledger.db'],
    todo: 'upstairs ledger restore',
  },
  {
    name: 'more spool than there is room',
    wrong: () => ({ spool: { disk: '900TiB' } }),
    names: ['state.space'],
    code: 2,
    todo: 'spool.disk',
  },
  {
    name: 'more connections than descriptors',
    wrong: () => ({ read: { maxConnections: 1_000_000_000 } }),
    names: ['limits.descriptors'],
    code: 2,
    todo: 'LimitNOFILE',
  },
];

describe.skipIf(needs('ceph', 'fuse', 'openssl').skip)('upstairs check', () => {
  let disk: FaultyDisk;
  let limited: RgwUser;

  beforeAll(async () => {
    const root = scratch('root');
    await basement(root, {
      'a/b/c.jpg': jpeg(1),
      'a/b/d.jpg': jpeg(2),
      'backups/mine.zip': { bytes: 'zip', mode: 0o600 },
    });
    disk = await mountFaultyDisk(root);
    limited = await rgwUser(sharedRgw());
  });
  afterAll(() => disk.unmount());

  /** On a disk of its own; nothing is wrong with it. */
  const right = (bucket: string): PlainConfig => {
    const routes = [{ host: 'localhost', prefix: '/' }];
    const base = baseConfig({ endpoint: sharedRgw().endpoint, bucket, root: disk.mountPoint });
    return merge(base, { read: { listen: '127.0.0.1:0', routes, maxConnections: 100 } });
  };

  const benchOf = (bucket: string, atEnd: Bench['atEnd']): Bench => ({
    rgw: sharedRgw(),
    bucket,
    limited,
    atEnd,
    async proxied(decide, options) {
      const proxy = await faultProxy(sharedRgw().endpoint, decide, options);
      atEnd(() => proxy.close());
      return { bucket: { endpoint: proxy.endpoint } };
    },
    async failing(rules) {
      const root = scratch('root');
      await basement(root, { 'a/b/c.jpg': jpeg(1) });
      const own = await mountFaultyDisk(root, { rules, directIo: true });
      atEnd(() => own.unmount());
      return { sources: [{ type: 'disk', name: 'basement', root: own.mountPoint, deadline: '1s' }] };
    },
    async plain() {
      const root = scratch('root');
      await chmod(root, 0o755);
      await basement(root, { 'a/b/c.jpg': jpeg(1) });
      return { root, config: { sources: [{ type: 'disk', name: 'basement', root }] } };
    },
  });

  test('finds nothing on a right set-up, and leaves nothing in the bucket and in the state', async () => {
    const bucket = await sharedRgw().freshBucket();
    const state = scratch('state');
    await objects(
      benchOf(bucket, () => {}),
      30,
      'public-read',
    );
    const old = await sharedRgw().freshBucket('old');
    const { endpoint, accessKey, secretKey } = sharedRgw();
    const sources = [
      ...(right(bucket).sources as PlainConfig[]),
      { type: 's3', name: 'old', bucket: old, endpoint, accessKey, secretKey, acls: true },
    ];
    const { code, wrong, all } = await findings(merge(right(bucket), { state: { dir: state }, sources }));
    expect(wrong).toEqual([]);
    expect(code).toBe(0);
    expect(all.length).toBeGreaterThan(25);
    expect(all.find(({ check }) => check === 'bucket.public-objects')?.found).toContain('20 objects');
    const { Contents = [] } = await sharedRgw().client.send(new ListObjectsV2Command({ Bucket: bucket }));
    expect(Contents.filter(({ Key }) => Key?.startsWith('_upstairs/'))).toEqual([]);
    expect(readdirSync(state)).toEqual([]);
  });

  test('finds nothing beside a serve that runs, whose state and ports it leaves alone', async () => {
    const bucket = await sharedRgw().freshBucket();
    const ports = {
      read: { listen: `127.0.0.1:${await freePort()}` },
      admin: { listen: `127.0.0.1:${await freePort()}` },
    };
    const config = merge(right(bucket), ports);
    await using upstairs = await startUpstairs({ config });
    const during = await findings(config);
    expect(during.wrong).toEqual([]);
    expect(during.all.find(({ check }) => check === 'bucket.identity')?.found).toContain('this state');
    expect((await upstairs.admin('/readyz')).status).toBe(200);
    await upstairs.kill();
    const { dir } = config.state as { dir: string };
    const before = readdirSync(dir, { recursive: true }).map((name) => [
      name,
      statSync(join(dir, String(name))).mtimeMs,
    ]);
    expect((await findings(config)).wrong).toEqual([]);
    expect(
      readdirSync(dir, { recursive: true }).map((name) => [name, statSync(join(dir, String(name))).mtimeMs]),
    ).toEqual(before);
  });

  /** The store in front of which a check is when it has written all it writes; what it asks then waits. */
  async function inTheMiddle(bucket: string, reached: () => void) {
    const proxy = await faultProxy(sharedRgw().endpoint, ({ method, query }) => {
      if (method !== 'GET' || !query.has('acl')) return 'pass';
      reached();
      return 'hang';
    });
    onTestFinished(() => proxy.close());
    const config = merge(right(bucket), { bucket: { endpoint: proxy.endpoint, headersTimeout: '30s' } });
    const left = async () => {
      const { Contents = [] } = await sharedRgw().client.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key }) => Key);
    };
    return { config, left };
  }

  test('broken off by Ctrl-C takes away what it wrote, and says what it found so far', async () => {
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    const { config, left } = await inTheMiddle(await sharedRgw().freshBucket(), resolve);
    let during: unknown[] = [];
    const { signal, stdout } = await runCheck(config, {
      args: ['--verbose'],
      started: async ({ pid = 0 }) => {
        await reached;
        during = await left();
        process.kill(-pid, 'SIGINT');
      },
    });
    expect(during.length).toBeGreaterThan(1);
    expect(await left()).toEqual([]);
    expect(signal).toBe('SIGINT');
    expect(stdout).toContain('error check: the check itself broke off: it was ended by SIGINT');
    expect(stdout).toContain('ok bucket.may-put: yes');
  });

  test('killed, takes away what it wrote all the same', async () => {
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    const { config, left } = await inTheMiddle(await sharedRgw().freshBucket(), resolve);
    await runCheck(config, { started: (child) => reached.then(() => child.kill('SIGKILL')) });
    await eventually(async () => expect(await left()).toEqual([]));
  });

  test('finds nothing on right set-ups of other kinds', async () => {
    const rgw = sharedRgw();
    const [bucket, closed] = [await rgw.freshBucket(), await rgw.freshBucket()];
    // As an umask of 0027 leaves it, with the media's group for the user that serves; a second disk behind a link.
    const [root, to] = [scratch('root'), scratch('b')];
    const files = { 'media_attachments/files/1/a.jpg': { bytes: jpeg(1), mode: 0o640 } };
    await basement(root, files);
    await basement(to, { 'media_attachments/files/2/b.jpg': { bytes: jpeg(2), mode: 0o640 } });
    symlinkSync(to, join(root, 'cache'));
    const disk = { type: 'disk', name: 'basement', root, alsoAllow: [{ link: 'cache', to }] };
    const late = await faultProxy(rgw.endpoint, undefined, {
      answerHeader: { date: () => new Date(Date.now() + 2000).toUTCString() },
    });
    onTestFinished(() => late.close());
    const plain = await faultProxy(
      rgw.endpoint,
      ({ query, method }) => (method === 'PUT' && query.has('acl') ? { status: 501 } : 'pass'),
      { dropHeader: ['x-amz-acl'] },
    );
    onTestFinished(() => plain.close());
    const keys = [{ name: 'mastodon', accessKey: 'MADEUP', secretKey: '0123456789abcdef', rights: ['read'] }];
    const setUps: PlainConfig[] = [
      // The first start is yet to come, on IPv6, in a part of a bucket, near a store whose clock is a little off.
      merge(right(bucket), {
        phase: 'front',
        sources: [disk],
        bucket: { endpoint: late.endpoint, keyPrefix: 'town/media/' },
        read: { listen: `[::1]:${await freePort()}` },
        admin: { listen: `[::1]:${await freePort()}` },
      }),
      // A store without ACLs; nginx in front has the certificates.
      merge(right(closed), {
        sources: [disk],
        bucket: { endpoint: plain.endpoint, acls: false, reads: 'signed' },
        write: { listen: '127.0.0.1:0', trustProxy: ['127.0.0.1'], hosts: ['localhost'], keys },
      }),
    ];
    for (const found of await Promise.all(setUps.map((config) => findings(config)))) {
      // The tests' own directories are all on one device.
      expect(found.wrong.filter(({ check }) => check !== 'state.dir')).toEqual([]);
      expect(found.all.filter(({ check }) => check.endsWith('.readable')).map(({ check }) => check)).toEqual([
        'sources.basement.readable',
        'sources.basement.cache.readable',
      ]);
    }
  });

  test('does not take for a fault what was hidden on purpose', async () => {
    const bucket = await sharedRgw().freshBucket();
    const config = right(bucket);
    const put = (Key: string, ACL: 'private' | 'public-read') =>
      sharedRgw().client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x', ACL }));
    await put('backups/a.zip', 'private');
    await put('shown.jpg', 'public-read');
    expect((await findings(config)).wrong).toEqual([]);
  });

  describe('names', () => {
    for (const { name, wrong, names, todo, run = {}, code = 1 } of [
      ...wrongBuckets,
      ...wrongDisks,
      ...wrongRemotes,
      ...wrongMachines,
    ]) {
      test.concurrent(name, { timeout: 60_000 }, async ({ expect, onTestFinished }) => {
        const bucket = await sharedRgw().freshBucket();
        const bench = benchOf(bucket, (end) => onTestFinished(async () => void (await end())));
        const config = merge(right(bucket), await wrong(bench));
        const found = await findings(config, run);
        expect(found.wrong.map(({ check }) => check).sort()).toEqual([...names].sort());
        const cause = found.wrong.find(({ check }) => check === names[0]);
        expect(cause?.todo).toContain(todo);
        expect(found.code).toBe(code);
        expect(found.stdout).not.toContain(String((config.bucket as PlainConfig).secretKey));
      });
    }
  });

  test('says several things at once, a line each, with what to do, without colours', async () => {
    const config = merge(right('there-is-no-such-bucket'), {
      read: { routes: [{ host: 'files.invalid', prefix: '/' }] },
      spool: { disk: '900TiB' },
    });
    const { code, stdout, stderr } = await runCheck(config);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^error bucket\.exists: .+ \| expected: .+ \| to do: .+$/);
    expect(
      lines
        .slice(1, 3)
        .map((line) => line.split(':')[0])
        .sort(),
    ).toEqual(['warning hosts.files.invalid', 'warning state.space']);
    expect(lines[3]).toMatch(/^1 errors, 2 warnings, \d+ checks found nothing wrong$/);
    expect(lines).toHaveLength(4);
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).not.toContain('\u001b');
  });
});
