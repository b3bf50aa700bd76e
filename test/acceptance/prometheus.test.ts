import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { merge, type PlainConfig } from '../support/base-config.ts';
import { makeCertificate } from '../support/certificates.ts';
import { dashboardExpressions, filledIn } from '../support/dashboard.ts';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { basement, jpeg, mastodonKey } from '../support/media-files.ts';
import { everySecond, type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { selectorsIn } from '../support/promql-selectors.ts';
import { s3Client, sharedRgw } from '../support/rgw.ts';
import { runScan } from '../support/run-scan.ts';
import { runVerify } from '../support/run-verify.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs, type Upstairs } from '../support/upstairs.ts';
import { clientBucket, clientKeys, clientRegion } from '../support/write-world.ts';

const top = join(import.meta.dirname, '../..');
const rulesFile = join(top, 'config/prometheus/rules.yml');
const rules = (
  parse(readFileSync(rulesFile, 'utf8')) as { groups: { rules: { alert?: string; record?: string; expr: string }[] }[] }
).groups.flatMap((group) => group.rules);
/** The reference: name, type and help of every metric. */
const documented = [
  ...readFileSync(join(top, 'docs/reference/metrics.md'), 'utf8').matchAll(
    /^\| `(upstairs_\w+)` \| (\w+) \| [^|]* \| ([^|]*) \| ([^|]*) \|/gm,
  ),
].map(([, name = '', type = '', unit = '', help = '']) => ({ name, type, unit, help }));
const keys = Array.from({ length: 12 }, (_, n) => mastodonKey(n + 1, 'jpg'));

let ends: (() => unknown)[];
let upstairs: Upstairs;
let prometheus: Prometheus;
let bucket: string;

/** What is only there overseas, behind a web server. */
const overseas = { 'cache/far.jpg': Buffer.from(jpeg(99)), 'upstairs-canary.txt': Buffer.from('here') };

async function webServer(files: Record<string, Buffer>): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    const file = files[url.slice(1)];
    const headers = { 'content-type': 'image/jpeg', 'last-modified': 'Thu, 04 Mar 2021 05:06:07 GMT', etag: '"1"' };
    response.writeHead(file ? 200 : 404, file ? { ...headers, 'content-length': file.length } : {}).end(file);
  }).listen(0, '127.0.0.1');
  ends.push(() => server.close());
  await new Promise((listening) => server.once('listening', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A disk, a web server far away, a write host, Mastodon behind TLS, and a backfill that scans and lists. */
async function configured(): Promise<{ config: PlainConfig; ca: string }> {
  const rgw = sharedRgw();
  bucket = await rgw.freshBucket();
  const root = scratch('root');
  await basement(root, Object.fromEntries(keys.map((key, n) => [key, Buffer.concat([jpeg(n), Buffer.alloc(20_000)])])));
  const { cert, key, ca } = makeCertificate(['app.test']);
  const config = merge(baseConfig({ endpoint: rgw.endpoint, bucket, root }), {
    bucket: { accessKey: rgw.accessKey, secretKey: rgw.secretKey, absenceTtl: '10ms', identityEvery: '1s' },
    sources: [
      { type: 'disk', name: 'basement', root },
      { type: 'http', name: 'overseas', url: `${await webServer(overseas)}/`, canary: 'upstairs-canary.txt' },
    ],
    write: {
      listen: '127.0.0.1:0',
      hosts: ['127.0.0.1'],
      bucket: clientBucket,
      region: clientRegion,
      keys: [{ name: 'mastodon', ...clientKeys.mastodon }],
    },
    app: { listen: '127.0.0.1:0', tls: { cert, key }, hosts: ['app.test'], web: await webServer({}) },
    cache: { maxObject: '8KiB' },
    copy: { minAge: '0ms' },
    backfill: { enabled: true, scanEvery: '1h', listEvery: '1h' },
  });
  return { config, ca };
}

/** Someone opens the instance's page. */
async function overTls(url: string, ca: string): Promise<void> {
  const options = { port: new URL(url).port, host: '127.0.0.1', servername: 'app.test', headers: { host: 'app.test' } };
  const [answer] = (await once(get({ ...options, path: '/about', ca: readFileSync(ca) }), 'response')) as [
    IncomingMessage,
  ];
  answer.resume();
  await once(answer, 'end');
}

/** In front of Mastodon, before the move. */
async function another(): Promise<Upstairs> {
  const root = scratch('root');
  await basement(root, { 'a.jpg': jpeg(1) });
  const basics = { endpoint: sharedRgw().endpoint, bucket: await sharedRgw().freshBucket(), root, phase: 'front' };
  const front = await startUpstairs({ config: baseConfig(basics) });
  ends.push(() => front.dispose());
  return front;
}

/** Readers, Mastodon, the backfill, and a proof in the end. */
async function work({ config, ca }: { config: PlainConfig; ca: string }): Promise<void> {
  const client = s3Client({ endpoint: upstairs.writeUrl!, region: clientRegion, ...clientKeys.mastodon });
  ends.push(() => client.destroy());
  const read = (key: string) => upstairs.get(`/${key}`);
  for (const key of [...keys.slice(0, 6), 'cache/far.jpg', 'nowhere.jpg']) await read(key);
  await client.send(
    new PutObjectCommand({ Bucket: clientBucket, Key: 'new.jpg', Body: 'a new picture', ACL: 'public-read' }),
  );
  await client.send(new PutObjectCommand({ Bucket: clientBucket, Key: 'short.jpg', Body: 'a picture' }));
  await client.send(new DeleteObjectCommand({ Bucket: clientBucket, Key: 'short.jpg' }));
  await eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(13), {
    withinMs: 60_000,
    everyMs: 200,
  });
  await overTls(upstairs.appUrl!, ca);
  for (const key of [...keys, 'new.jpg', 'new.jpg']) expect((await read(key)).status).toBe(200);
  // As `find` over there would print it.
  const list = Object.entries(overseas).map(([name, bytes]) => `${bytes.length} 1614834367.0 644 ./${name}\0`);
  const manifest = join(scratch('manifest'), 'overseas');
  writeFileSync(manifest, list.join(''));
  const args = ['--source', 'overseas', '--manifest', manifest];
  expect((await runScan(config, args)).code).toBe(0);
  await eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(14), {
    withinMs: 30_000,
    everyMs: 200,
  });
  const { code, lines } = await runVerify(config);
  expect(lines.filter((line) => !/^[=-] /.test(line))).toEqual([]);
  expect(code).toBe(0);
}

describe.skipIf(needs('ceph', 'openssl', 'prometheus').skip)('a real Prometheus, before a move that goes well', () => {
  beforeAll(async () => {
    ends = [];
    const made = await configured();
    upstairs = await startUpstairs({ config: made.config });
    ends.push(() => upstairs.dispose());
    const targets = [upstairs, await another()].map(({ adminUrl }) => new URL(adminUrl).host);
    prometheus = await startPrometheus(everySecond(targets, rulesFile));
    ends.push(() => prometheus.stop());
    await eventually(async () => expect((await prometheus.query('up == 1')).length).toBe(2), { withinMs: 20_000 });
    await work(made);
    // What was worked out of the last of it is there.
    const proven = 'last_over_time((upstairs_verify_end_timestamp_seconds{source="basement"} > 0)[3m:1s])';
    await eventually(async () => expect(await prometheus.query(proven)).not.toEqual([]), { withinMs: 20_000 });
  }, 240_000);
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });

  test('scrapes every metric that is documented, with its type and its help, and no other of the program’s own', async () => {
    const metadata = await prometheus.metadata();
    const own = Object.entries(metadata).filter(([name]) => name.startsWith('upstairs_'));
    expect(documented.length).toBeGreaterThan(60);
    expect(
      Object.fromEntries(own.map(([name, [{ type, help } = { type: '', help: '' }]]) => [name, { type, help }])),
    ).toEqual(Object.fromEntries(documented.map(({ name, type, help }) => [name, { type, help }])));
  });

  test('has seen numbers of every one of them', async () => {
    const unseen: string[] = [];
    for (const { name, type } of documented) {
      const series = type === 'histogram' ? `${name}_count` : name;
      if ((await prometheus.query(`last_over_time(${series}[10m])`)).length === 0) unseen.push(name);
    }
    expect(unseen).toEqual([]);
  });

  test('finds the unit of each in its name', () => {
    const unitless = documented.filter(({ unit }) => unit === '');
    expect(unitless).toEqual([]);
    for (const { name, unit } of documented)
      if (!/^(number|0 or 1|1)$/.test(unit)) expect(name).toContain(`_${unit.split(' ')[0]}`);
  });

  test('evaluates every rule without an error, and all that is to be kept is there', async () => {
    const states = await prometheus.rules();
    expect(states.map(({ name }) => name).toSorted()).toEqual(
      rules.map(({ alert, record = '' }) => alert ?? record).toSorted(),
    );
    await eventually(async () => {
      const bad = (await prometheus.rules()).filter(
        ({ health, lastError = '' }) => health !== 'ok' || lastError !== '',
      );
      expect(bad).toEqual([]);
    });
    const missing: string[] = [];
    for (const { record } of rules)
      if (record !== undefined && (await prometheus.query(`last_over_time(${record}[10m])`)).length === 0)
        missing.push(record);
    expect(missing).toEqual([]);
  });

  test('knows every metric and every value of a label that an alarm or the dashboard asks for', async () => {
    const asked = [...rules.map(({ expr }) => expr), ...dashboardExpressions().map(({ expr }) => filledIn(expr))];
    expect(asked.length).toBeGreaterThan(100);
    const problems = await Promise.all(asked.map(unknownIn));
    expect([...new Set(problems.flat())]).toEqual([]);
    // And finds out when it does not.
    expect(await unknownIn('rate(upstairs_request_total[5m])')).toEqual(['upstairs_request_total']);
    expect(await unknownIn('upstairs_requests_total{tier=~"cache|bukcet"}')).toEqual([
      'upstairs_requests_total{tier="bukcet"}',
    ]);
    expect(await unknownIn('upstairs_ledger_keys{state!="copied"}')).toEqual(['upstairs_ledger_keys{state="copied"}']);
  });

  test('has something to show in every panel of the dashboard', async () => {
    const empty: string[] = [];
    for (const { title, expr } of dashboardExpressions()) {
      // What is only shown above 0 is 0 while all is well.
      const shown = filledIn(expr).replace(/ > 0$/, '');
      const seen = await prometheus.query(`last_over_time((${shown})[3m:1s])`);
      if (seen.length === 0 && !shown.startsWith('ALERTS')) empty.push(`${title}: ${expr}`);
    }
    expect(empty).toEqual([]);
  }, 120_000);

  test('alarms nobody', async () => {
    const firing = (await prometheus.alerts()).filter(({ state }) => state === 'firing');
    expect(firing).toEqual([]);
  });

  test('reads names and helps that Prometheus’ own rules of style approve of', async () => {
    const { text } = await upstairs.admin('/metrics');
    const own = text.split('\n').filter((line) => /^(# (HELP|TYPE) )?upstairs_/.test(line));
    expect(execFileSync('promtool', ['check', 'metrics'], { input: `${own.join('\n')}\n`, encoding: 'utf8' })).toBe('');
  });

  test('alarms at once when a reader asks for what the bucket has lost, and says what to do', async () => {
    const [lost = ''] = keys;
    const { client } = sharedRgw();
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: lost }));
    expect((await upstairs.get(`/${lost}`)).status).toBe(404);
    const vanished = async () =>
      (await prometheus.alerts()).filter(({ labels }) => labels.alertname === 'UpstairsVanished');
    await eventually(async () => expect((await vanished()).length).toBe(1), { withinMs: 20_000, everyMs: 250 });
    expect(await vanished()).toMatchObject([
      {
        state: 'firing',
        labels: { severity: 'critical', instance: new URL(upstairs.adminUrl).host },
        annotations: {
          summary: expect.stringContaining(new URL(upstairs.adminUrl).host),
          runbook_url: 'docs/runbooks.md#upstairsvanished',
        },
      },
    ]);
  });
});

/** Of what an expression looks for, what Prometheus has never seen. */
async function unknownIn(expr: string): Promise<string[]> {
  const looks = selectorsIn(expr).flatMap(({ metric, labels }) => [
    metric,
    ...labels.map(({ name, value }) => `${metric}{${name}="${value}"}`),
  ]);
  const unknown: string[] = [];
  for (const look of new Set(looks))
    if ((await prometheus.query(`last_over_time(${look}[10m])`)).length === 0) unknown.push(look);
  return unknown;
}
