// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is what the configuration file holds
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { ConfigError } from '../../../src/config/problems.ts';
import { loadText, setAt } from './valid-config.ts';

// Loading tries whether state.dir can be written. A relative one is refused before, so that no marker leads the test
// out into the file system; markers begin with no "/".
const example = readFileSync('config/upstairs.example.yaml', 'utf8').replace('dir: /var/lib/upstairs', 'dir: state');
const paths = [...placesIn(parse(example) as object, [])];

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

const dressed = marker.chain((secret) =>
  fc.constantFrom<[string, unknown]>(
    [secret, secret],
    [secret, [secret]],
    [secret, { [secret]: secret }],
    [secret, { [secret]: null }],
    [secret, `\${${secret}}`],
    [secret, `\${${secret}`],
    [secret, `\${file:${secret}}`],
    [secret, `\${file:/run/secrets/${secret}}`],
    [secret, `${secret} \${NOPE:-${secret}} \${NOPE}`],
    [secret, '${LEAK}'],
    [secret, `-${secret}MiB`],
  ),
);

function expectNotTold(secret: string, load: () => unknown): void {
  try {
    load();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const told = `${inspect(error, { depth: Infinity, showHidden: true })}${JSON.stringify(error)}${(error as Error).stack}`;
    expect(told.includes(secret.slice(0, 32))).toBe(false);
  }
}

it('a secret in the wrong place is never part of the error', () => {
  fc.assert(
    fc.property(fc.constantFrom(...paths), dressed, (path, [secret, value]) => {
      const config = parse(example) as object;
      setAt(config, path, value);
      const env = { SPACES_KEY: `${secret} `, LEAK: secret };
      expectNotTold(secret, () =>
        loadText(stringify(config), env, { '/run/secrets/spaces_secret': `${secret}\n${secret}` }),
      );
    }),
    { numRuns: 2000 },
  );
});

it('a secret in a file that is not YAML is never part of the error', () => {
  fc.assert(
    fc.property(
      marker,
      fc.nat(example.length),
      fc.constantFrom('', '"', "'", '\n', '\n\t', ': ', '{', '*', '!', '&', '? '),
      (secret, at, before) => {
        const text = `${example.slice(0, at)}${before}${secret}${example.slice(at)}`;
        expectNotTold(secret, () => loadText(text, { SPACES_KEY: 'x' }, { '/run/secrets/spaces_secret': 'x' }));
      },
    ),
    {
      numRuns: 1000,
      // A secret that swallows a comment becomes the name of an option whose value names variables.
      examples: [['aa0/+a0+A+a00A/0+0a0/0aaAaaA+aaA!', 176, '']],
    },
  );
});
