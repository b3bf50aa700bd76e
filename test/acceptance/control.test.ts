import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { eventually } from '../support/eventually.ts';
import { mountFaultyDisk } from '../support/faulty-disk.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/left-out.ts';
import { basement, mastodonKey, mp4 } from '../support/media-files.ts';
import { programEnv } from '../support/program-env.ts';
import { objectFacts, sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs } from '../support/upstairs.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const run = promisify(execFile);
const token = 'token-of-the-operator';

/** A place with its configuration, for `serve` and for commands. */
async function place(files: Record<string, Uint8Array>, { faulty = false, config: over = {} } = {}) {
  const rgw = sharedRgw();
  const bucket = await rgw.freshBucket();
  const root = scratch('root');
  await basement(root, files);
  const disk = faulty ? await mountFaultyDisk(root, { directIo: true }) : undefined;
  if (disk) onTestFinished(() => disk.unmount());
  const config = baseConfig({
    ...{ endpoint: rgw.endpoint, bucket, root: disk?.mountPoint ?? root },
    admin: { listen: `127.0.0.1:${await freePort()}`, token: `$${'{ADMIN_TOKEN}'}` },
    copy: { retry: { first: '50ms', most: '100ms', times: 1 } },
    ...over,
  });
  const file = join(scratch('config'), 'upstairs.yaml');
  writeFileSync(file, stringify(config));
  const env = { ADMIN_TOKEN: token };
  return {
    disk,
    serve: async () => {
      const upstairs = await startUpstairs({ config, env });
      onTestFinished(() => upstairs.dispose());
      return upstairs;
    },
    /** What a command printed; it throws with what it complained of. */
    command: async (...args: string[]) => {
      const options = { env: { ...programEnv, ...env }, timeout: 20_000 };
      return (await run(execPath, [program, ...args, '-c', file], options)).stdout;
    },
    facts: (key: string) => objectFacts(rgw.client, bucket, key),
    remove: (key: string) => rgw.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })),
  };
}

const complaint = (command: Promise<string>) =>
  command.then(
    () => 'none',
    (error: { stderr: string }) => error.stderr,
  );

describe.skipIf(needs('ceph').skip)('the backfill', { timeout: 120_000 }, () => {
  test('is started, limited and given back by hand, and the orders hold after a restart', async () => {
    const { serve, command } = await place({ 'a.jpg': mp4(1, 20_000) });
    expect(await complaint(command('backfill', 'status'))).toMatch(
      /no `upstairs serve` answers at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)\n.*\n {2}to do: start it/,
    );
    const first = await serve();
    expect(JSON.parse((await first.admin('/api/backfill')).text)).toMatchObject({
      ...{ run: 'paused', by: 'configuration', why: 'backfill.enabled is false', limits: {} },
    });
    expect(await command('backfill', 'start')).toMatch(/^running \(ordered by hand on 20/);
    expect(await command('backfill', 'limit', '5MiB/s, 50/s')).toContain('limit: 5MiB/s, 50/s (by hand)\n');
    expect(await complaint(command('backfill', 'limit', 'fast'))).toMatch(
      /it is no limit\n.*\n {2}to do: send 5MiB\/s/,
    );
    expect((await first.kill()).code).toBe(0);
    // No word of it may be lost, and no secret be told.
    expect(first.logs.filter(({ event }) => event === 'audit').map(({ order }) => order)).toEqual(['start', 'limits']);
    expect(JSON.stringify(first.logs) + first.output()).not.toContain(token);

    const second = await serve();
    expect(JSON.parse(await command('backfill', 'status', '--json'))).toMatchObject({
      ...{
        run: 'running',
        by: 'hand',
        limits: { bytesPerSecond: 5 * 2 ** 20, objectsPerSecond: 50 },
        limitsBy: 'hand',
      },
    });
    await command('backfill', 'limit', 'auto');
    expect(await command('backfill', 'resume')).toMatch(
      /^paused \(backfill\.enabled is false\)\nlimit: full \(none set\)\n/,
    );

    const send = (headers: Record<string, string>) =>
      fetch(`${second.adminUrl}/api/backfill/start`, { method: 'POST', body: '{}', headers });
    const json = { 'content-type': 'application/json' };
    expect((await send(json)).status).toBe(401);
    expect((await send({ ...json, authorization: `Bearer ${token}`, origin: 'https://evil.example' })).status).toBe(
      403,
    );
    expect((await send({ authorization: `Bearer ${token}` })).status).toBe(415);
    expect(await command('backfill', 'status')).toMatch(/^paused/);
  });
});

describe.skipIf(needs('ceph', 'fuse').skip)('files that cannot be read', { timeout: 120_000 }, () => {
  const [good, bad, worse] = [mastodonKey(1, 'mp4'), mastodonKey(2, 'mp4'), mastodonKey(3, 'mp4')];
  const bytes = mp4(2, 900_000);

  test('are told to readers as broken, named with reason and place, and copied once the medium gives them', async () => {
    const files = { [good]: mp4(1, 20_000), [bad]: bytes, [worse]: bytes };
    const { disk, serve, command, facts } = await place(files, { faulty: true });
    await disk?.setRules([
      { match: bad, op: 'read', after_bytes: 131_072, errno: 'EIO' },
      { match: worse, op: 'read', errno: 'EIO' },
    ]);
    const first = await serve();
    const reading = await first.open(`/${bad}`);
    expect([reading.statusCode, reading.headers['content-length']]).toEqual([200, String(bytes.length)]);
    await expect(buffer(reading.body)).rejects.toThrow();
    expect((await first.get(`/${worse}`)).status).toBe(503);
    expect((await first.get(`/${good}`)).status).toBe(200);

    const refused = () => first.metric('upstairs_ledger_keys', { status: 'refused' });
    await eventually(async () => expect(await refused()).toBe(2), { withinMs: 20_000 });
    expect((await command('failures')).split('\n')).toEqual([
      `${bad}\tdamaged\tEIO at byte 131072 of ${bytes.length}\t2\tgiven up`,
      `${worse}\tdamaged\tEIO at byte 0 of ${bytes.length}\t2\tgiven up`,
      '',
    ]);
    const lost = (await command('failures', '--lost')).split('\r\n');
    expect(lost).toHaveLength(4);
    expect(lost[0]).toBe('url,key,size,mtime,reason,detail');
    expect(lost).toContain(
      `https://files.test/${bad},${bad},${bytes.length},2021-03-04T05:06:07.123Z,damaged,EIO at byte 131072 of ${bytes.length}`,
    );

    await disk?.setRules([]);
    expect(await command('failures', '--retry', '--key', bad)).toBe('1 key is tried again now\n');
    await eventually(async () => expect((await facts(bad))?.md5).toBe(createHash('md5').update(bytes).digest('hex')), {
      withinMs: 10_000,
    });
    expect(JSON.parse(await command('failures', '--json'))).toMatchObject({
      counts: [{ reason: 'damaged', state: 'given-up', keys: 1 }],
      failures: [{ key: worse, source: 'basement', size: bytes.length }],
    });
    await first.kill();

    expect(await command('failures', '--retry')).toBe('1 key is tried again once `upstairs serve` runs\n');
    expect(await command('failures')).toBe('');
    await serve();
    await eventually(async () => expect((await facts(worse))?.size).toBe(bytes.length), { withinMs: 10_000 });
  });
});

describe.skipIf(needs('ceph').skip)('an object that the bucket lost', { timeout: 120_000 }, () => {
  test('is copied again on the word of the operator alone, and nothing is overwritten', async () => {
    const key = mastodonKey(4, 'mp4');
    const { serve, command, facts, remove } = await place(
      { [key]: mp4(4, 20_000) },
      { config: { cache: { maxObject: '1B' } } },
    );
    const upstairs = await serve();
    expect((await upstairs.get(`/${key}`)).status).toBe(200);
    await eventually(async () => expect(await facts(key)).toBeDefined(), { withinMs: 10_000 });
    await eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(1));
    expect(await complaint(command('recopy', key))).toMatch(
      /the bucket has an object there .* a copy overwrites nothing/s,
    );
    await remove(key);
    await eventually(async () => expect((await upstairs.get(`/${key}`)).status).toBe(404));
    expect(await command('recopy', key)).toMatch(/^media_attachments.*: it is copied again/);
    await eventually(async () => expect(await facts(key)).toBeDefined(), { withinMs: 10_000 });
    expect((await upstairs.get(`/${key}`)).status).toBe(200);
  });
});
