import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { merge } from '../support/base-config.ts';
import { type BoundState, boundState } from '../support/bound-state.ts';
import { makeCertificate } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/left-out.ts';
import { runProgram } from '../support/run-program.ts';
import { scratch } from '../support/scratch.ts';
import { expectTold, fileOf, secret, told } from '../support/told-error.ts';
import { startUpstairs } from '../support/upstairs.ts';

let bound: BoundState;
beforeAll(async () => {
  bound = await boundState({ bucket: { secretKey: secret }, admin: { token: secret } });
}, 60_000);
afterAll(() => bound[Symbol.asyncDispose]());

describe('sources, files and answers', () => {
  test('a source that is named wrong is told with what was meant', async () => {
    const { config } = bound.copied();
    for (const words of [
      ['scan', '--source', 'basment'],
      ['verify', '--only', 'basment'],
      ['retire', 'basment'],
    ])
      await told(config, words, 'SOURCE_UNKNOWN', /no source basment[\s\S]*did you mean basement\?/);
  });

  test('a source elsewhere needs a manifest, and a manifest that cannot be read is named', async () => {
    const attic = { type: 'http', name: 'attic', url: 'http://127.0.0.1:1/' };
    const { config } = bound.copied({ sources: [attic] });
    await told(config, ['scan'], 'MANIFEST_NEEDED', /attic[\s\S]*find \. ! -type d/);
    await told(config, ['scan', '--manifest', '/no/manifest'], 'FILE_UNREADABLE', /\/no\/manifest .*ENOENT/);
  });

  test('a scan that does not come to its end says why in its result, and what to do', async () => {
    const { config } = bound.copied();
    const gone = merge(config, { sources: [{ type: 'disk', name: 'basement', root: '/no/disk' }] });
    const absent = await runProgram(['scan', '-c', fileOf(gone)]);
    expect([absent.code, absent.stdout]).toEqual([
      1,
      expect.stringMatching(/not whole: .*\/no\/disk.*: mount it, and scan again$/m),
    ]);
    const cut = join(scratch('manifest'), 'manifest');
    writeFileSync(cut, '4 1700000000.0 644 a.jpg');
    const wrong = await runProgram(['scan', '--manifest', cut, '-c', fileOf(config), '--json']);
    expect([wrong.code, JSON.parse(wrong.stdout).sources[0].why]).toEqual([
      1,
      expect.stringMatching(/no whole manifest.*run there: find/),
    ]);
  });

  test('a verification says what it needs first', async () => {
    const { config, dir } = bound.copied();
    await told(config, ['verify'], 'NO_SCAN', /upstairs scan/);
    await told(config, ['verify', '--acknowledged', '/no/list'], 'FILE_UNREADABLE', /--acknowledged \/no\/list/);
    await told(
      config,
      ['verify', '--report', '/no/such/report.md'],
      'ENOENT',
      /\/no\/such\/report\.md.* does not exist/,
    );
    const list = join(scratch('list'), 'let-go');
    writeFileSync(list, 'a\n"b\n');
    await told(config, ['verify', '--acknowledged', list], 'ACKNOWLEDGED_WRONG', /line 2[\s\S]*copy that key/);
    for (const name of ['files.db', 'files.db-wal', 'files.db-shm']) rmSync(join(dir, name), { force: true });
    expect((await runProgram(['scan', '-c', fileOf(config)])).code).toBe(0);
    await told(config, ['verify', '--no-list'], 'NO_LISTING', /without --no-list/);
  });

  test('init asks for what is missing, and replaces nothing', async () => {
    const out = scratch('out');
    await expectTold({
      words: ['init', '--yes', '--out', out],
      code: 'ANSWERS_MISSING',
      says: /--bucket[\s\S]*leave out --yes/,
    });
    await expectTold({
      words: ['init', '--out', out, '--endpoint', 'ftp:x'],
      code: 'ANSWER_WRONG',
      says: /--endpoint[\s\S]*upstairs init --help/,
    });
    await expectTold({
      words: ['init', '--out', out, '--from', '/no/env'],
      code: 'FILE_UNREADABLE',
      says: /\/no\/env/,
    });
    await expectTold({ words: ['init', '--out', out], code: 'BROKEN_OFF', says: /nothing was written/ });
    writeFileSync(join(out, 'upstairs.yaml'), '');
    await expectTold({ words: ['init', '--out', out], code: 'FILE_EXISTS', says: /upstairs\.yaml[\s\S]*--force/ });
  });

  test('a log that cannot be read is named, and the others are counted', async () => {
    const { config } = bound.copied();
    const words = ['heat', 'import', '/no/such.log', '/dev/null', '-c', fileOf(config)];
    const { code, stdout, stderr } = await runProgram(words);
    expect([code, stderr]).toEqual([
      1,
      '/no/such.log: /no/such.log does not exist (ENOENT)\n  expected: a file or directory that is there\n  to do: correct the path, make it, or mount what it lies on\n',
    ]);
    expect(stdout).toContain('/dev/null: 0 lines');
    const json = await runProgram([...words, '--json']);
    expect(JSON.parse(json.stdout).logs[0].error).toMatchObject({
      code: 'ENOENT',
      todo: expect.stringMatching(/path/),
    });
  });

  // `failures` waits for standard output, and is told of its error too.
  test.each([[['status']], [['failures', '--csv']]])(
    'a disk that is full has words, once, wherever the answer of %j goes',
    async (words) => {
      const { config } = bound.copied();
      const full = openSync('/dev/full', 'w');
      onTestFinished(() => closeSync(full));
      const { code, stderr } = await runProgram([...words, '-c', fileOf(config)], { stdoutTo: full });
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(
          /^upstairs: no room is left for standard output.*\n {2}expected: .*\n {2}to do: .*df -h.*\n$/,
        ),
      ]);
    },
  );
});

describe('addresses and servers', () => {
  test('orders need a serve that runs, and a token', async () => {
    const { config } = bound.copied({ admin: { listen: `127.0.0.1:${await freePort()}` } });
    for (const words of [
      ['backfill', 'status'],
      ['backfill', 'pause'],
      ['recopy', 'a.jpg'],
    ])
      await told(config, words, 'NOT_SERVING', /ECONNREFUSED[\s\S]*start it/);
    await using running = await startUpstairs({ config });
    await told(config, ['backfill', 'limit', 'fast'], 'REFUSED', /5MiB\/s/);
    await told(merge(config, { admin: { token: undefined } }), ['backfill', 'pause'], 'REFUSED', /token/);
    expect(running.output()).toBe('');
  });

  test('an address that another program has, or that this machine has not', async () => {
    const { config } = bound.copied();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    await told(
      merge(config, { read: { listen: `127.0.0.1:${port}` } }),
      ['serve'],
      'EADDRINUSE',
      new RegExp(`127\\.0\\.0\\.1:${port} already[\\s\\S]*ss -ltnp`),
    );
    await told(
      merge(config, { read: { listen: '203.0.113.1:8443' } }),
      ['serve'],
      'EADDRNOTAVAIL',
      /203\.0\.113\.1:8443[\s\S]*ip address/,
    );
  });

  test('a bucket to lose is named as the configuration has it', async () => {
    const { config } = bound.copied();
    await told(config, ['serve', '--accept-loss', 'medai'], 'WRONG_BUCKET', /medai, and bucket\.name is media/);
  });

  test('a store that is not there, has no name, or another certificate', async () => {
    const { config } = bound.copied();
    const at = (endpoint: string) => merge(config, { bucket: { endpoint } });
    await told(at('http://127.0.0.1:1'), ['inventory', '--fresh'], 'INVENTORY_BUCKET_UNKNOWN', /upstairs check/);
    const acls = (endpoint: string) => merge(at(endpoint), { bucket: { acls: true } });
    await told(acls('http://127.0.0.1:1'), ['acl', 'fix'], 'ECONNREFUSED', /nothing listens at 127\.0\.0\.1:1/);
    await told(
      acls('http://no-such-host.invalid'),
      ['acl', 'fix'],
      'ENOTFOUND',
      /no-such-host\.invalid does not resolve/,
    );
    if (needs('openssl').skip) return;
    const { cert, key } = makeCertificate(['127.0.0.1']);
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    await told(
      acls(`https://127.0.0.1:${port}`),
      ['acl', 'fix'],
      'SELF_SIGNED_CERT_IN_CHAIN',
      /known authority[\s\S]*NODE_EXTRA_CA_CERTS/,
    );
  });

  test('a bucket that is another one', async () => {
    const { config } = bound.copied();
    await told(
      merge(config, { bucket: { keyPrefix: 'elsewhere/' } }),
      ['inventory', '--fresh'],
      'INVENTORY_WRONG_BUCKET',
      /bucket\.keyPrefix/,
    );
  });
});
