import { PutObjectCommand } from '@aws-sdk/client-s3';
import { startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { merge } from '../support/base-config.ts';
import { eventually } from '../support/eventually.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { basement } from '../support/media-files.ts';
import { s3Client } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs, type Upstairs } from '../support/upstairs.ts';

const any = /^[^/]*$/;
const sourceOnly = { source: /^basement$/ };
const tiers = /^(cache|bucket|basement|none)$/;
const copyReasons =
  /^(|too-young|too-large|private-without-acls|changed|gone-below|unreadable|damaged|source-unavailable|no-spool-room|bucket-unavailable|slow-down|store-refused|store-denied|unknown-outcome|missing-again|cancelled|internal)$/;

/** Every metric of the program: its type, and what each of its labels may be. None of them has room for a key. */
const known: Record<string, [type: string, labels: Record<string, RegExp>]> = {
  upstairs_requests_total: ['counter', { tier: tiers, status: /^[2345]xx$/ }],
  upstairs_response_bytes_total: ['counter', { tier: tiers }],
  upstairs_request_duration_seconds: ['histogram', { tier: tiers }],
  upstairs_purges_total: ['counter', { outcome: /^(done|denied)$/ }],
  upstairs_writes_total: ['counter', { operation: /^(none|[A-Z][A-Za-z2]+)$/, status: /^[2345]xx$/ }],
  upstairs_write_duration_seconds: ['histogram', { operation: /^(none|[A-Z][A-Za-z2]+)$/ }],
  upstairs_mutations_total: ['counter', { outcome: /^(done|refused|unknown|busy|recorded)$/ }],
  upstairs_intents_open: ['gauge', {}],
  upstairs_intents_oldest_seconds: ['gauge', {}],
  upstairs_copies_total: [
    'counter',
    { outcome: /^(copied|superseded|dropped|looked|later|refused)$/, reason: copyReasons },
  ],
  upstairs_copied_bytes_total: ['counter', {}],
  upstairs_copy_requests_turned_away_total: ['counter', {}],
  upstairs_source_errors_total: [
    'counter',
    { source: /^basement$/, kind: /^(timeout|busy|denied|not-mounted|io|descriptors|damaged)$/ },
  ],
  upstairs_bucket_errors_total: [
    'counter',
    { kind: /^(connect|timeout|server-error|slow-down|refused|breaker-open|identity|busy|protocol)$/ },
  ],
  upstairs_store_requests_total: ['counter', { by: /^(copies|write-host)$/ }],
  upstairs_store_errors_total: [
    'counter',
    { by: /^(copies|write-host)$/, kind: /^(connect|timeout|server-error|slow-down|refused|protocol)$/ },
  ],
  upstairs_app_requests_total: ['counter', { upstream: /^(web|streaming|none)$/, status: /^[1-5]xx$/ }],
  upstairs_app_websockets: ['gauge', {}],
  upstairs_vanished_total: ['counter', {}],
  upstairs_mends_refused_total: ['counter', {}],
  upstairs_build_info: ['gauge', { version: /^\d+\.\d+\.\d+/, node: /^v\d+\./ }],
  upstairs_config_info: ['gauge', { fingerprint: /^[0-9a-f]{12}$/, phase: /^(front|move)$/ }],
  upstairs_cache_bytes: ['gauge', {}],
  upstairs_cache_objects: ['gauge', {}],
  upstairs_spool_bytes: ['gauge', { place: /^(memory|disk)$/ }],
  upstairs_disk_operations: ['gauge', { source: /^basement$/, state: /^(outstanding|stuck)$/ }],
  upstairs_remote_requests: ['gauge', { source: /^basement$/, state: /^(outstanding|waiting)$/ }],
  upstairs_remote_asked: ['gauge', { source: /^basement$/ }],
  upstairs_source_in_use: ['gauge', { source: /^basement$/ }],
  upstairs_scans_total: ['counter', { source: /^basement$/, outcome: /^(whole|broken|busy)$/ }],
  upstairs_scan_end_timestamp_seconds: ['gauge', { source: /^basement$/ }],
  upstairs_scan_files: ['gauge', { source: /^basement$/ }],
  upstairs_scan_bytes: ['gauge', { source: /^basement$/ }],
  upstairs_scan_findings: ['gauge', { source: /^basement$/ }],
  upstairs_inventory_ended_timestamp_seconds: ['gauge', {}],
  upstairs_inventory_objects: ['gauge', {}],
  upstairs_inventory_bytes: ['gauge', {}],
  upstairs_inventory_failures_total: ['counter', {}],
  upstairs_inventory_troubles_total: ['counter', {}],
  upstairs_backfill_running: ['gauge', {}],
  upstairs_backfill_waiting_files: ['gauge', {}],
  upstairs_backfill_left_files: ['gauge', { source: /^basement$/ }],
  upstairs_backfill_left_bytes: ['gauge', { source: /^basement$/ }],
  upstairs_backfill_concurrency: ['gauge', { source: /^basement$/ }],
  upstairs_backfill_source_p90_seconds: ['gauge', { source: /^basement$/ }],
  upstairs_backfill_copied_files_total: ['counter', { source: /^basement$/ }],
  upstairs_backfill_copied_bytes_total: ['counter', { source: /^basement$/ }],
  upstairs_backfill_source_pauses_total: [
    'counter',
    { source: /^basement$/, reason: /^(damaged|source-unavailable)$/ },
  ],
  upstairs_copies_active: ['gauge', {}],
  upstairs_bucket_identity: ['gauge', { state: /^(ours|absent|other|unknown)$/ }],
  upstairs_ledger_keys: ['gauge', { status: /^(wanted|copied|superseded|refused)$/ }],
  upstairs_copy_queue_oldest_seconds: ['gauge', {}],
  upstairs_copy_attempts_open: ['gauge', {}],
  upstairs_copy_looks_due: ['gauge', {}],
  upstairs_copy_queue_keys: ['gauge', { lane: /^(asked-for|backfill)$/ }],
  upstairs_copy_slow_down_seconds: ['gauge', {}],
  upstairs_ledger_bytes: ['gauge', { status: /^(wanted|copied|superseded|refused)$/ }],
  upstairs_source_available: ['gauge', sourceOnly],
  upstairs_source_operation_duration_seconds: ['histogram', sourceOnly],
  upstairs_source_quiet_seconds: ['gauge', sourceOnly],
  upstairs_verify_end_timestamp_seconds: ['gauge', sourceOnly],
  upstairs_verify_clean: ['gauge', sourceOnly],
  upstairs_scan_interval_seconds: ['gauge', sourceOnly],
  upstairs_inventory_interval_seconds: ['gauge', {}],
  upstairs_backfill_state: ['gauge', { state: /^(copying|paused|slowed-down|sources-paused|planning|done|no-plan)$/ }],
  upstairs_backfill_eta_seconds: ['gauge', {}],
  upstairs_backfill_source_resting: ['gauge', sourceOnly],
  upstairs_ready: ['gauge', {}],
  upstairs_state_free_bytes: ['gauge', {}],
  upstairs_state_capacity_bytes: ['gauge', {}],
  upstairs_state_database_bytes: ['gauge', { database: /^(marks|ledger|files)$/ }],
  upstairs_reading_failures_total: ['counter', { reading: /^[a-z]+$/ }],
  upstairs_certificate_remaining_seconds: ['gauge', { listener: /^(read|write|app)$/ }],
};

async function world() {
  const store = await startFauxqs({ port: 0, logger: false });
  store.createBucket('media');
  const proxy = await faultProxy(store.address);
  const root = scratch('root');
  await basement(root, { 'a.jpg': 'a picture', 'b.jpg': 'another', 'private.jpg': { bytes: 'x', mode: 0o600 } });
  const config = merge(baseConfig({ endpoint: proxy.endpoint, bucket: 'media', root }), {
    bucket: { acls: false, identityEvery: '200ms', absenceTtl: '10ms', breaker: { failures: 1, retryAfter: '200ms' } },
    copy: { minAge: '0ms' },
  });
  const close = async () => {
    await proxy.close();
    await store.stop();
  };
  return { store, proxy, config, close, client: s3Client({ endpoint: store.address }) };
}

describe('the metrics', () => {
  let at: Awaited<ReturnType<typeof world>>;
  let upstairs: Upstairs;
  let text: string;

  beforeAll(async () => {
    at = await world();
    upstairs = await startUpstairs({ config: at.config });
    for (const path of ['/a.jpg', '/a.jpg', '/nobody.jpg', '/a//b', '/backups/x', '/b.jpg', '/%00', '/x'.repeat(900)])
      await upstairs.get(path);
    await upstairs.get('/a.jpg', { headers: { 'if-none-match': '*' } });
    await eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(2));
    at.proxy.decide = () => 'refuse';
    for (const path of ['/new.jpg', '/newer.jpg']) expect((await upstairs.get(path)).status).toBe(503);
    at.proxy.decide = () => 'pass';
    // Ready, and the breaker closed again.
    await eventually(async () => expect((await upstairs.admin('/readyz')).status).toBe(200));
    await eventually(async () => expect((await upstairs.get('/nobody.jpg')).status).toBe(404));
    text = (await upstairs.admin('/metrics')).text;
  });
  afterAll(async () => {
    await upstairs?.dispose();
    await at?.close();
  });

  test('are what Prometheus reads: each line a comment, a sample or nothing', async () => {
    const { headers } = await upstairs.admin('/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    const sample =
      /^[a-zA-Z_:][\w:]*(\{\w+="([^"\\]|\\.)*"(,\w+="([^"\\]|\\.)*")*\})? (-?[\d.]+(e[+-]?\d+)?|NaN|[+-]Inf)$/i;
    const comment = /^# (HELP|TYPE) [a-zA-Z_:][\w:]* .+$/;
    expect(text.split('\n').filter((line) => line !== '' && !sample.test(line) && !comment.test(line))).toEqual([]);
    const names = text.split('\n').flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? []);
    expect(new Set(names).size).toBe(names.length);
  });

  test('are all there, of their types, and there is no other of the program’s own', () => {
    const types = Object.fromEntries(
      [...text.matchAll(/^# TYPE (upstairs_\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]),
    );
    expect(types).toEqual(Object.fromEntries(Object.entries(known).map(([name, [type]]) => [name, type])));
    expect(text).toMatch(/^# TYPE process_cpu_seconds_total counter$/m);
  });

  test('have labels of closed sets only, however strange the requests were', async () => {
    const { samples } = await upstairs.metrics();
    const wrong: string[] = [];
    for (const { name, labels } of samples) {
      if (!name.startsWith('upstairs_')) continue;
      const { le: _, ...own } = labels;
      const base = name.replace(/_(bucket|sum|count)$/, '');
      const [, allowed] = known[name] ?? known[base] ?? ['', {}];
      for (const [label, value] of Object.entries(own)) {
        if (!allowed[label]?.test(value) || !any.test(value)) wrong.push(`${name}{${label}="${value}"}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('count what happened', async () => {
    const metrics = await upstairs.metrics();
    expect(metrics.value('upstairs_requests_total', { tier: 'basement', status: '2xx' })).toBe(2);
    expect(metrics.value('upstairs_requests_total', { tier: 'cache' })).toBe(2);
    expect(metrics.value('upstairs_requests_total', { tier: 'none', status: '5xx' })).toBeGreaterThanOrEqual(2);
    expect(metrics.value('upstairs_response_bytes_total', { tier: 'basement' })).toBe(
      'a picture'.length + 'another'.length,
    );
    expect(metrics.value('upstairs_copies_total', { outcome: 'copied' })).toBe(2);
    expect(metrics.value('upstairs_copied_bytes_total')).toBe('a picture'.length + 'another'.length);
    expect(metrics.value('upstairs_bucket_errors_total', {})).toBeGreaterThanOrEqual(2);
    expect(metrics.value('upstairs_bucket_identity')).toBe(1);
    expect(metrics.value('upstairs_cache_objects')).toBe(2);
    expect(metrics.value('upstairs_request_duration_seconds_count')).toBe(metrics.value('upstairs_requests_total'));
    expect(metrics.value('upstairs_spool_bytes')).toBe(0);
    expect(metrics.value('upstairs_copy_queue_oldest_seconds')).toBe(0);
  });

  test('and health are never shown to readers', async () => {
    for (const path of ['/metrics', '/livez', '/readyz']) {
      for (const host of ['files.test', 'app.test', 'localhost', '127.0.0.1']) {
        const { status, text } = await upstairs.get(path, { host });
        expect(status).toBe(404);
        expect(text).not.toMatch(/upstairs_|ready|alive/);
      }
    }
  });

  test('and media are kept apart: the admin listener serves no media', async () => {
    const { status, text } = await upstairs.admin('/a.jpg');
    expect(status).toBe(404);
    expect(text).not.toContain('a picture');
  });
});

describe('health', () => {
  let at: Awaited<ReturnType<typeof world>>;
  beforeAll(async () => {
    at = await world();
  });
  afterAll(() => at?.close());

  test('says alive and ready, and never from a cache, while all is well', async () => {
    await using upstairs = await startUpstairs({ config: at.config });
    const ready = await upstairs.admin('/readyz');
    expect([ready.status, JSON.parse(ready.text)]).toEqual([200, { ready: true, reasons: [] }]);
    expect(ready.headers['cache-control']).toBe('no-store');
    expect((await upstairs.admin('/livez')).status).toBe(200);
    await upstairs.kill();
  });

  test('says that the bucket cannot be asked, while the program lives and serves from the disk', async () => {
    await using upstairs = await startUpstairs({ config: at.config });
    at.proxy.decide = () => 'refuse';
    onTestFinished(() => {
      at.proxy.decide = () => 'pass';
    });
    await eventually(async () => expect((await upstairs.admin('/readyz')).status).toBe(503));
    expect(reasons(await upstairs.admin('/readyz'))).toEqual([expect.stringContaining('bucket cannot be asked')]);
    expect((await upstairs.admin('/livez')).status).toBe(200);
    expect((await upstairs.get('/b.jpg')).status).toBe(200);
    at.proxy.decide = () => 'pass';
    await eventually(async () => expect((await upstairs.admin('/readyz')).status).toBe(200));
  });

  test('says that the bucket has lost its identity', async () => {
    await using upstairs = await startUpstairs({ config: at.config });
    at.proxy.decide = ({ path }) => (path.endsWith('/_upstairs/identity') ? { status: 404 } : 'pass');
    onTestFinished(() => {
      at.proxy.decide = () => 'pass';
    });
    await eventually(async () => expect((await upstairs.admin('/readyz')).status).toBe(503));
    expect(reasons(await upstairs.admin('/readyz'))).toEqual([expect.stringContaining('lost its identity')]);
  });

  test('says that the bucket is another ledger’s', async () => {
    await using upstairs = await startUpstairs({ config: at.config });
    at.proxy.decide = ({ path }) =>
      path.endsWith('/_upstairs/identity') ? { status: 200, body: JSON.stringify({ ledger: 'another' }) } : 'pass';
    onTestFinished(() => {
      at.proxy.decide = () => 'pass';
    });
    await eventually(async () => expect((await upstairs.admin('/readyz')).status).toBe(503));
    expect(reasons(await upstairs.admin('/readyz'))).toEqual([expect.stringContaining('another state directory')]);
  });

  test('says that the state is new before a bucket that is not, and no file of a disk is served', async () => {
    at.store.createBucket('second');
    const config = merge(at.config, { bucket: { name: 'second' }, state: { dir: scratch('first') } });
    const first = await startUpstairs({ config });
    expect((await first.get('/a.jpg')).status).toBe(200);
    await first.kill();
    await using lost = await startUpstairs({ config: merge(config, { state: { dir: scratch('new') } }) });
    expect(reasons(await lost.admin('/readyz'))).toEqual([expect.stringContaining('this one is new')]);
    expect((await lost.get('/b.jpg')).status).toBe(503);
    expect((await lost.get('/b.jpg', { method: 'HEAD' })).status).toBe(503);
    expect((await lost.get('/nobody.jpg')).status).toBe(503);
    expect(await lost.metric('upstairs_ledger_keys')).toBe(0);
  });

  test('says nothing of keys, credentials or addresses', async () => {
    await at.client.send(new PutObjectCommand({ Bucket: 'media', Key: 'x', Body: 'x' }));
    await using upstairs = await startUpstairs({ config: at.config });
    at.proxy.decide = () => ({ status: 500 });
    onTestFinished(() => {
      at.proxy.decide = () => 'pass';
    });
    await upstairs.get('/secret-name.jpg');
    await eventually(async () => expect((await upstairs.admin('/readyz')).status).toBe(503));
    const { text } = await upstairs.admin('/readyz');
    expect(text).not.toMatch(/secret-name|testtest|127\.0\.0\.1|http/);
  });
});

function reasons({ text }: { text: string }): string[] {
  return (JSON.parse(text) as { reasons: string[] }).reasons;
}
