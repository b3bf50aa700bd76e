// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${NAME}` in these strings is the configuration's own syntax under test, not a template that was forgotten
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { ConfigError } from '../../../src/config/problems.ts';
import { loadText, setAt, validConfig } from './valid-config.ts';

// Loading tries whether state.dir can be written. A relative one is refused before, so that no marker leads the test
// out into the file system; markers begin with no "/".
const example = readFileSync('config/upstairs.example.yaml', 'utf8').replace('dir: /var/lib/upstairs', 'dir: state');
const whole = parse(example) as object;
const paths = [...placesIn(whole, [])];

const files = (text: string) =>
  Object.fromEntries(
    ['spaces_secret', 'mastodon_secret', 'purge_secret', 'admin_token'].map((name) => [`/run/secrets/${name}`, text]),
  );

/** Those that the example takes secrets from. */
const variables = ['SPACES_KEY', 'MASTODON_ACCESS_KEY', 'BASEMENT_SECRET', 'OLD_MINIO_KEY', 'OLD_MINIO_SECRET'];

/** Every place in the example: options and sections. */
function* placesIn(value: object, at: string[]): Generator<string> {
  for (const [key, inner] of Object.entries(value)) {
    yield [...at, key].join('.');
    if (typeof inner === 'object' && inner !== null) yield* placesIn(inner, [...at, key]);
  }
}

// "!" makes it no name of a variable; those are shown, and are not secret.
const marker = fc
  .tuple(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9+/]{31,43}$/), fc.stringMatching(/^[ -~]{0,8}$/))
  .map(([a, b]) => `${a}!${b}`);

/** What a secret may look like where it does not belong. */
const dresses: readonly ((secret: string) => unknown)[] = [
  (secret) => secret,
  (secret) => [secret],
  (secret) => ({ [secret]: secret }),
  (secret) => ({ [secret]: null }),
  (secret) => `\${${secret}}`,
  (secret) => `\${${secret}`,
  (secret) => `\${file:${secret}}`,
  (secret) => `\${file:/run/secrets/${secret}}`,
  (secret) => `${secret} \${NOPE:-${secret}} \${NOPE}`,
  () => '${LEAK}',
  (secret) => `-${secret}MiB`,
];

function expectNotTold(secret: string, load: () => unknown, where?: string): void {
  try {
    load();
  } catch (error) {
    expect(error, where).toBeInstanceOf(ConfigError);
    const told = `${inspect(error, { depth: Infinity, showHidden: true })}${JSON.stringify(error)}${(error as Error).stack}`;
    expect(told.includes(secret.slice(0, 32)), where).toBe(false);
  }
}

it('a secret in any place, and in any dress, is never part of the error', { timeout: 120_000 }, () => {
  const secrets = fc.sample(marker, paths.length * dresses.length);
  for (const path of paths) {
    for (const dress of dresses) {
      const secret = secrets.pop() ?? '';
      const config = structuredClone(whole);
      setAt(config, path, dress(secret));
      const env = { ...Object.fromEntries(variables.map((name) => [name, `${secret} `])), LEAK: secret };
      // JSON is YAML, and much faster to write.
      const text = JSON.stringify(config);
      expectNotTold(secret, () => loadText(text, env, files(`${secret}\n${secret}`)), `${path}: ${dress}`);
    }
  }
});

const sections = example.split(/^(?=[a-z]+:)/m);
const least = Object.entries(validConfig());

/** What else makes a configuration of a section: the whole is slow to parse. */
function restOf(section: string): string {
  return stringify(Object.fromEntries(least.filter(([name]) => !section.startsWith(`${name}:`))));
}

it('a secret in a file that is not YAML is never part of the error', { timeout: 120_000 }, () => {
  const [head = ''] = sections;
  fc.assert(
    fc.property(
      marker,
      fc.constantFrom(...sections).chain((section) => fc.tuple(fc.constant(section), fc.nat(section.length))),
      fc.constantFrom('', '"', "'", '\n', '\n\t', ': ', '{', '*', '!', '&', '? '),
      (secret, [section, at], before) => {
        const text = `${section.slice(0, at)}${before}${secret}${section.slice(at)}${restOf(section)}`;
        const env = { SPACES_KEY: 'x', MASTODON_ACCESS_KEY: 'xxx' };
        expectNotTold(secret, () => loadText(text, env, files('x'.repeat(16))));
      },
    ),
    {
      numRuns: 1000,
      // A secret that swallows a comment becomes the name of an option whose value names variables.
      examples: [['aa0/+a0+A+a00A/0+0a0/0aaAaaA+aaA!', [head, head.indexOf('# In values')], '']],
    },
  );
});
