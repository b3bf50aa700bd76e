import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonShapes } from '../../docs/generate/json-shapes.ts';
import { merge, type PlainConfig } from '../support/base-config.ts';
import { type BoundState, boundState } from '../support/bound-state.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { programEnv } from '../support/program-env.ts';
import { runProgram } from '../support/run-program.ts';
import { scratch } from '../support/scratch.ts';
import { fileOf } from '../support/told-error.ts';
import { startUpstairs } from '../support/upstairs.ts';

const token = 'sixteen-characters-and-more';
const given = new Set<string>();
let bound: BoundState;

beforeAll(async () => {
  const admin = { listen: `127.0.0.1:${await freePort()}`, token };
  bound = await boundState({ admin, copy: { retry: { first: '10ms', most: '20ms', times: 1 } } });
}, 60_000);
afterAll(() => bound[Symbol.asyncDispose]());

/** Runs `upstairs NAME … --json`: its exit code is this one, and what it prints is one value of the shape that the reference has. */
async function answer(name: string, words: readonly string[], code: number, config?: PlainConfig): Promise<unknown> {
  const command = name
    .replace(/^upstairs /, '')
    .split(' ')
    .filter((word) => !word.startsWith('-'));
  const run = await runProgram([...command, ...words, '--json', ...(config ? ['-c', fileOf(config)] : [])]);
  expect(run.code, run.stderr).toBe(code);
  given.add(`${`upstairs ${command.join(' ')}`} ${code}`);
  const shape = jsonShapes[name];
  if (shape === undefined) throw new Error(`the reference has no ${name}`);
  const value: unknown = JSON.parse(run.stdout);
  expect(shape.safeParse(value).error?.issues ?? []).toEqual([]);
  return value;
}

test('without serve, each command tells programs what its reference says, and ends as that says', async () => {
  const { config, dir } = bound.copied();
  await answer('upstairs status', [], 0, config);
  await answer('upstairs list', ['wanted'], 0, config);
  await answer('upstairs failures', [], 0, config);
  await answer('upstairs failures --lost', ['--lost'], 0, config);
  expect(await answer('upstairs failures --retry', ['--retry'], 0, config)).toEqual({ retried: 0, serving: false });
  await answer('upstairs scan', [], 0, config);
  await answer(
    'upstairs scan',
    [],
    1,
    merge(config, { sources: [{ type: 'disk', name: 'basement', root: '/no/disk' }] }),
  );
  await answer('upstairs inventory', ['--fresh'], 0, config);
  await answer('upstairs verify', [], 2, config);
  await answer('upstairs retire', ['basement'], 2, config);
  await answer('upstairs retire', ['basement', '--undo'], 0, config);
  await answer('upstairs acl fix', [], 0, config);
  const log = join(scratch('log'), 'access.log');
  writeFileSync(log, '192.0.2.1 - - [04/Mar/2026:05:06:07 +0000] "GET /a.jpg HTTP/1.1" 200 1 "-" "-"\n');
  await answer('upstairs heat import', [log, '--host', 'files.test'], 0, config);
  await answer('upstairs heat import', ['/no/such.log'], 1, config);
  await answer(
    'upstairs check',
    [],
    1,
    merge(config, { sources: [{ type: 'disk', name: 'basement', root: '/no/disk' }] }),
  );
  const backup = join(scratch('backup'), 'monday');
  await answer('upstairs ledger backup', [backup], 0, config);
  expect(await answer('upstairs ledger restore', [backup, '--replace'], 0, config)).toMatchObject({ state: dir });
});

test('with serve that runs, orders and failures are told', async () => {
  const { config } = bound.copied();
  await using upstairs = await startUpstairs({ config });
  for (const [order, ...more] of [['status'], ['start'], ['pause'], ['resume'], ['limit', '5MiB/s']] as const)
    await answer(`upstairs backfill ${order}`, more, 0, config);
  expect(await answer('upstairs failures --retry', ['--retry'], 0, config)).toEqual({ retried: 0, serving: true });
  await answer('upstairs status', [], 0, config);
  for (const key of ['a.jpg', 'b.jpg']) expect((await upstairs.get(`/${key}`)).status).toBe(200);
  await eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(2));
  await answer('upstairs list', ['copied'], 0, config);
  expect(await upstairs.kill()).toEqual({ code: 0, signal: null });
  given.add('upstairs serve 0');
  await answer('upstairs scan', [], 0, config);
  await answer('upstairs inventory', ['--fresh'], 0, config);
  await answer('upstairs verify', [], 0, config);
});

test('a set-up tells what it wrote', async () => {
  const out = join(scratch('out'), 'upstairs');
  const secret = join(scratch('secret'), 'key');
  writeFileSync(secret, 'a-secret-of-the-store');
  const answers = {
    'web-host': 'social.example',
    'media-host': 'files.social.example',
    'write-host': 's3.social.example',
    endpoint: 'https://s3.example',
    region: 'us-east-1',
    bucket: 'media',
    'bucket-access-key': 'key',
    'bucket-secret-file': secret,
    acls: 'yes',
    root: '/var/lib/mastodon/public/system',
    state: '/var/lib/upstairs',
    out,
  };
  const words = Object.entries(answers).flatMap(([name, value]) => [`--${name}`, value]);
  const { files, config } = (await answer('upstairs init', [...words, '--yes'], 0)) as {
    files: string[];
    config: string;
  };
  expect(files).toContain(config);
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
  expect(readFileSync(config, 'utf8')).toContain('social.example');
});

test('whoever stops reading ends it, without a word', async () => {
  const { config } = bound.copied();
  const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  // More than a pipe holds, for a reader who takes nothing.
  const line = `"$0" "$1" schema | true; exit \${PIPESTATUS[0]}`;
  const ended = await new Promise<{ code: number; err: string }>((resolve) => {
    execFile('bash', ['-c', line, execPath, program], { env: programEnv }, (error, _out, err) =>
      resolve({ code: Number((error as { code?: number } | null)?.code ?? 0), err }),
    );
  });
  expect(ended).toEqual({ code: 141, err: '' });
  given.add('141');
  expect((await runProgram(['status', '-c', fileOf(config)])).code).toBe(0);
});

test('each exit code that the reference has was given here, or is by the test of its command', () => {
  const page = readFileSync(new URL('../../docs/reference/exit-codes.md', import.meta.url), 'utf8');
  const told = [...page.matchAll(/^\| `(upstairs [a-z ]+)` \| (\d+) \|/gm)].map(
    ([, command, code]) => `${command} ${code}`,
  );
  expect(told.length).toBeGreaterThan(15);
  expect(told.filter((one) => !given.has(one) && metElsewhere[one] === undefined)).toEqual([]);
  for (const [one, name] of Object.entries(metElsewhere)) {
    expect(told).toContain(one);
    expect(existsSync(new URL(name, import.meta.url)), name).toBe(true);
  }
});

/** What needs a real store, or minutes. */
const metElsewhere: Readonly<Record<string, string>> = {
  'upstairs serve 1': './wrong-places.test.ts',
  'upstairs check 0': './doctor.test.ts',
  'upstairs check 2': './doctor.test.ts',
  'upstairs retire 0': './retire.test.ts',
  'upstairs scan 2': './scan.test.ts',
  'upstairs acl fix 1': './acl-fix.test.ts',
  'upstairs acl fix 2': './acl-fix.test.ts',
  'upstairs verify 1': './verify.test.ts',
  'upstairs inventory 1': './inventory.test.ts',
};
