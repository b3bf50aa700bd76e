import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startFauxqs } from 'fauxqs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { merge, type PlainConfig } from '../support/base-config.ts';
import { eventually } from '../support/eventually.ts';
import { type Decide, faultProxy } from '../support/fault-proxy.ts';
import { needs } from '../support/left-out.ts';
import { basement } from '../support/media-files.ts';
import { sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs, type Upstairs } from '../support/upstairs.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** With characters that URLs, JSON and YAML write differently, so that an encoded one is looked for too. */
const accessKey = 'MARKERACCESS7Q';
const secretKey = 'marker/secret+key=with%odd&chars';
/** What a stranger may send along and what is none of the log's business. */
const theirs = 'MARKER-OF-A-CLIENT';

const forbidden = [
  accessKey,
  secretKey,
  encodeURIComponent(secretKey),
  Buffer.from(secretKey).toString('base64'),
  'marker/secret',
  'Signature=',
  'AWS4-HMAC-SHA256',
  theirs,
];

function expectNoSecret(text: string): void {
  expect(forbidden.filter((secret) => text.includes(secret))).toEqual([]);
  // A header of that name and its value, whoever printed it.
  expect(text).not.toMatch(/authorization["']?\s*[:=]\s*["']?(?!\[redacted\])\w/i);
  expect(text).not.toMatch(/x-amz-(security-token|signature)/i);
}

/** Everything that the program told anybody but its readers. */
async function told(upstairs: Upstairs): Promise<string> {
  const pages = await Promise.all(['/metrics', '/readyz', '/livez', '/nothing'].map((path) => upstairs.admin(path)));
  const lines = upstairs.logs.map((line) => JSON.stringify(line));
  return [...lines, upstairs.output(), ...pages.map(({ text, headers }) => JSON.stringify(headers) + text)].join('\n');
}

/** A store in which all sorts of things go wrong with signed requests. */
async function troubled(endpoint: string, bucket: string, decide: Decide, over: PlainConfig = {}) {
  const proxy = await faultProxy(endpoint, decide);
  onTestFinished(() => proxy.close());
  const root = scratch('root');
  await basement(root, Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`${i}.jpg`, `picture ${i}`])));
  const upstairs = await startUpstairs({
    config: merge(
      merge(baseConfig({ endpoint: proxy.endpoint, bucket, root, log: { level: 'trace' } }), {
        bucket: {
          accessKey: '$' + '{TEST_ACCESS}',
          secretKey: '$' + '{TEST_SECRET}',
          acls: false,
          identityEvery: '100ms',
          connectTimeout: '100ms',
          headersTimeout: '200ms',
          breaker: { failures: 1000 },
        },
        copy: { minAge: '0ms', looks: ['100ms', '200ms'], retry: { first: '50ms', most: '100ms', times: 2 } },
      }),
      over,
    ),
    env: { TEST_ACCESS: accessKey, TEST_SECRET: secretKey },
  });
  onTestFinished(() => upstairs.dispose());
  const read = async () => {
    for (let i = 0; i < 4; i++) {
      const headers = { authorization: `Bearer ${theirs}`, cookie: `session=${theirs}`, 'x-token': theirs };
      await upstairs.get(`/${i}.jpg?token=${theirs}`, { headers }).catch(() => undefined);
      await upstairs.get(`/none-${i}.jpg`, { method: 'HEAD', headers }).catch(() => undefined);
    }
  };
  return { upstairs, proxy, read };
}

describe('no secret is told', () => {
  const faults: [string, Decide][] = [
    ['is down', () => 'refuse'],
    ['answers errors', () => ({ status: 500, body: '<Error><Code>InternalError</Code></Error>' })],
    ['throttles', () => ({ status: 503, body: '<Error><Code>SlowDown</Code></Error>' })],
    ['answers what is no XML', () => ({ status: 400, body: '<<<' })],
    ['hangs', () => 'hang'],
    ['breaks off in its answers', () => ({ abortAfterResponseBytes: 3 })],
    ['breaks off during uploads', ({ method }) => (method === 'PUT' ? { abortAfterRequestBytes: 2 } : 'pass')],
    ['loses its answers to uploads', ({ method }) => (method === 'PUT' ? 'swallow-answer' : 'pass')],
    [
      // Stores do that: their error tells what they were asked, with the signature.
      'refuses uploads and quotes the request in its error',
      ({ method, headers }) =>
        method === 'PUT'
          ? {
              status: 403,
              headers: { 'content-type': 'application/xml' },
              body:
                '<Error><Code>SignatureDoesNotMatch</Code><Message>Denied</Message>' +
                `<AWSAccessKeyId>${accessKey}</AWSAccessKeyId><StringToSign>${headers.authorization}</StringToSign></Error>`,
            }
          : 'pass',
    ],
    [
      'redirects with the secret in the address',
      () => ({ status: 307, headers: { location: `http://127.0.0.1:1/?X-Amz-Signature=${accessKey}` } }),
    ],
  ];

  test.each(faults)('when the bucket %s', async (_, decide) => {
    const store = await startFauxqs({ port: 0, logger: false });
    onTestFinished(() => store.stop().then(() => {}));
    store.createBucket('media');
    // Bound first, so that there are uploads to go wrong.
    const { upstairs, proxy, read } = await troubled(store.address, 'media', () => 'pass');
    await eventually(async () => expect((await upstairs.admin('/readyz')).status).toBe(200));
    proxy.decide = decide;
    await read();
    await sleep(700); // looks, tries and checks of the identity go wrong too
    const text = await told(upstairs);
    // What went wrong was told, and so were the reads.
    const events = new Set(upstairs.logs.map(({ event }) => event));
    expect(events).toContain('read');
    expect(events.has('bucket') || events.has('copy')).toBe(true);
    expectNoSecret(text);
    proxy.release();
    await upstairs.kill();
    expectNoSecret(upstairs.output() + JSON.stringify(upstairs.logs));
  });

  test.each(['versioning', 'PUT'])(
    'when the store refuses the very first requests (%s) and quotes them',
    async (which) => {
      const store = await startFauxqs({ port: 0, logger: false });
      onTestFinished(() => store.stop().then(() => {}));
      store.createBucket('media');
      const { upstairs } = await troubled(store.address, 'media', ({ method, query, headers }) =>
        method === which || query.has(which)
          ? {
              status: 403,
              headers: { 'content-type': 'application/xml' },
              body:
                `<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>${accessKey}</AWSAccessKeyId>` +
                `<StringToSign>${headers.authorization}</StringToSign></Error>`,
            }
          : 'pass',
      );
      await eventually(() => upstairs.logs.some(({ event, level }) => event === 'bucket' && level === 'warn'));
      expectNoSecret(await told(upstairs));
    },
  );

  test('when the store drops the connection at the very start', async () => {
    const { upstairs, read } = await troubled('http://127.0.0.1:1', 'media', () => 'refuse');
    await read();
    await sleep(300);
    expectNoSecret(await told(upstairs));
  });

  test.skipIf(needs('ceph').skip)('when a real gateway does not know the credentials', async () => {
    const rgw = sharedRgw();
    const { upstairs, read } = await troubled(rgw.endpoint, await rgw.freshBucket(), () => 'pass');
    await read();
    await eventually(() => upstairs.logs.some(({ event, level }) => event === 'bucket' && level === 'warn'));
    const text = await told(upstairs);
    expect((await upstairs.admin('/readyz')).status).toBe(503);
    expectNoSecret(text);
  });

  test('when the configuration cannot be used', async () => {
    const root = scratch('root');
    const valid = baseConfig({ endpoint: 'http://127.0.0.1:1', bucket: 'media', root });
    const broken: string[] = [
      stringify(merge(valid, { bucket: { accessKey, secretKey: [secretKey] } })),
      stringify(merge(valid, { bucket: { accessKey, secretKey, [secretKey]: 1 } })),
      stringify(merge(valid, { bucket: { endpoint: `http://${accessKey}:${encodeURIComponent(secretKey)}@host` } })),
      stringify(merge(valid, { bucket: { name: secretKey, region: `${secretKey}\n` } })),
      stringify(merge(valid, { log: { level: secretKey }, phase: secretKey, copy: { minAge: secretKey } })),
      `${stringify(valid)}\nbucket: {${accessKey}: "${secretKey}`,
      `secretKey: ${secretKey}\n\t${accessKey}: x\n`,
      `bucket: *${accessKey}\n`,
      `bucket: !${accessKey} ${secretKey}\n`,
      `- ${secretKey}\n`,
      stringify(merge(valid, { bucket: { secretKey: `$${'{'}MISSING:-` } })),
    ];
    for (const text of broken) {
      const file = join(scratch('config'), 'upstairs.yaml');
      writeFileSync(file, text);
      const { code, output } = await run(['serve', '-c', file]);
      expect(code, text).toBe(1);
      expect(output.length).toBeGreaterThan(10);
      expectNoSecret(output);
    }
  });
});

function run(args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(execPath, [program, ...args], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    );
  });
}
