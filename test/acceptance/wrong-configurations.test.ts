import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { baseConfig, merge, type PlainConfig } from '../support/base-config.ts';
import { runProgram } from '../support/run-program.ts';
import { scratch } from '../support/scratch.ts';
import { expectTold, secret, type Wrong } from '../support/told-error.ts';

const nobody = 65534;
const root = scratch('root');
writeFileSync(join(root, 'a.jpg'), 'a');

/** A configuration that is right, but for what is laid over it. Its secrets are told nowhere. */
function config(over: PlainConfig = {}): PlainConfig {
  const right = merge(baseConfig({ endpoint: 'http://127.0.0.1:1', bucket: 'media', root }), {
    bucket: { secretKey: secret },
    admin: { token: secret },
  });
  return merge(right, over);
}

function file(text: string): string {
  const path = join(scratch('config'), 'upstairs.yaml');
  writeFileSync(path, text);
  return path;
}

const invalid = (name: string, path: string, says: RegExp): Wrong & { name: string } => ({
  name,
  words: ['status', '-c', path],
  code: 'CONFIG_INVALID',
  says,
});
const over = (name: string, change: PlainConfig, says: RegExp) => invalid(name, file(stringify(config(change))), says);
/** What only the machine shows: `serve` alone looks at it. */
const machine = (name: string, change: PlainConfig, says: RegExp) => ({
  ...over(name, change, says),
  words: ['serve', '-c', file(stringify(config(change)))],
});

function unreadable(): string {
  const path = file(stringify(config()));
  chmodSync(path, 0o600);
  return path;
}

const wrong: readonly (Wrong & { name: string })[] = [
  invalid('is not there', '/there/is/no/such.yaml', /\/there\/is\/no\/such\.yaml does not exist/),
  invalid('is a directory', scratch('directory'), /can't be read \(EISDIR\)/),
  invalid('is no YAML', file(`bucket: {secretKey: ${secret}`), /line 1/),
  invalid('is indented by tabs', file('bucket:\n\tname: x\n'), /tabs must not indent: use spaces/),
  invalid('has an option twice', file('phase: move\nphase: front\n'), /line 2.*given twice: remove one/),
  invalid('is a list', file('- a\n- b\n'), /must be a section/),
  over(
    'names an option wrong by a letter',
    { bucket: { nmae: 'x' } },
    /bucket\.nmae: is not a known option: did you mean name\?/,
  ),
  over('has a section of another name', { chache: { maxSize: '1MiB' } }, /chache: .* did you mean cache\?/),
  over('has an option in the wrong section', { bucket: { frontTtl: '1m' } }, /did you mean cache\.frontTtl\?/),
  over('has an option that nothing is like', { bucket: { zzzzzz: 1 } }, /check its spelling and its indentation/),
  over('has a secret where a name should be', { bucket: { [`${secret} and more`]: 1 } }, /whose name is not a word/),
  over('needs a variable', { bucket: { secretKey: `\${UPSTAIRS_NOT_SET}` } }, /variable UPSTAIRS_NOT_SET is not set/),
  over(
    'needs a file',
    { bucket: { secretKey: `\${file:/no/such/secret}` } },
    /bucket\.secretKey: the file .* \(ENOENT\)/,
  ),
  over(
    'has a size without a unit that is known',
    { cache: { maxSize: 'much' } },
    /cache\.maxSize: must be a size.*512MiB/,
  ),
  over('has a duration that is none', { copy: { minAge: 'soon' } }, /copy\.minAge: must be a duration/),
  over('has no bucket', { bucket: undefined }, /bucket: is required/),
  over('has a short token', { admin: { token: 'short' } }, /admin\.token: .*openssl rand/),
  over(
    'has a source of a kind that there is not',
    { sources: [{ type: 'tape', name: 'x' }] },
    /sources\.0\.type: must be one of/,
  ),
  over(
    'has two listeners in each other’s way',
    { read: { listen: '127.0.0.1:9180' }, admin: { listen: '0.0.0.0:9180' } },
    /admin\.listen: is the port of read\.listen/,
  ),
  machine(
    'names a disk that is not mounted',
    { sources: [{ type: 'disk', name: 'x', root: scratch('empty') }] },
    /is empty: is the disk mounted\?/,
  ),
  machine(
    'names a disk that is not there',
    { sources: [{ type: 'disk', name: 'x', root: '/no/disk' }] },
    /sources\.0\.root: does not exist/,
  ),
  machine(
    'has the state on the old disk',
    { state: { dir: join(root, 'state') } },
    /must not lie inside sources\.0\.root: move it/,
  ),
  machine(
    'has the state where nobody can write',
    { state: { dir: '/proc/upstairs' } },
    /state\.dir: can't be written.*directory of its own/,
  ),
  machine(
    'names a certificate that is not there',
    { read: { tls: { cert: '/no/cert', key: '/no/key' } } },
    /read\.tls\.cert: does not exist/,
  ),
];

describe('a configuration is refused with what to do, and without its secrets, when it', () => {
  test.concurrent.each(wrong)('$name', expectTold);

  test.skipIf(process.geteuid?.() !== 0)('is not for this user to read', () =>
    expectTold({ ...invalid('', unreadable(), /can't be read \(EACCES\)/), uid: nobody }),
  );

  test.concurrent('has several problems: each has its line', () =>
    expectTold(over('', { phase: 'sideways', cache: { ttl: '30d' } }, /2 problems\nphase: .*\ncache\.ttl: .*/)));
});

test('upstairs check has a finding for each of them, with what to do', async () => {
  const { code, stdout } = await runProgram([
    'check',
    '-c',
    file(stringify(config({ bucket: { nmae: 'x' }, phase: 'up' }))),
  ]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^error bucket\.nmae: is not a known option \| expected: .+ \| to do: did you mean name\?$/m);
  expect(stdout).toMatch(
    /^error phase: it is something else \| expected: it must be one of: front, move \| to do: correct phase: front, move$/m,
  );
  expect(stdout).not.toContain(secret);
});
