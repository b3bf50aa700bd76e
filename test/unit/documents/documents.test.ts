import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { basement, jpeg } from '../../support/media-files.ts';
import { scratch } from '../../support/scratch.ts';

const top = join(import.meta.dirname, '../../..');
const read = (name: string) => readFileSync(join(top, name), 'utf8');
const scripts: Record<string, string> = JSON.parse(read('package.json')).scripts;

/** The fenced blocks of one language; '' for those without. */
function fenced(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , block]) => block ?? '');
}

describe('the README', () => {
  const readme = read('README.md');

  test('shows a configuration that is accepted as it stands', async () => {
    const [yaml = ''] = fenced(readme, 'yaml');
    const root = scratch('root');
    await basement(root, { 'a/b.jpg': jpeg(1) });
    const there = yaml.replace('/var/lib/upstairs', scratch('state')).replace('/var/lib/mastodon/public/system', root);
    const files: Record<string, string> = {
      'upstairs.yaml': there,
      '/run/secrets/spaces_secret': 'a-secret\n',
      '/run/secrets/mastodon_secret': 'a-secret-for-mastodon\n',
    };
    const { config } = loadConfig('upstairs.yaml', {
      env: { SPACES_KEY: 'a-key', MASTODON_ACCESS_KEY: 'made-up' },
      readFile: (path) => files[path] ?? expect.fail(`${path} is not named`),
    });
    expect(config.bucket.secretKey).toBe('a-secret');
    expect(config.read.routes).toHaveLength(2);
    expect(config.write?.keys).toHaveLength(1);
  });

  test('tells a newcomer only commands that the continuous integration runs, or whose scripts exist', () => {
    const lines = fenced(readme, '')
      .join('')
      .split('\n')
      .map((line) => line.replace(/ +#.*/, ''))
      .filter((line) => /^(npm|node|npx|cp|bash) /.test(line));
    expect(lines).toEqual([
      'npm ci && npm run demo',
      'npm ci && npm test',
      'cp config/upstairs.example.yaml config/upstairs.yaml',
      'npm start',
    ]);
    const ci = read('.ci/run');
    for (const command of ['npm ci\n', 'npm run demo -- --once\n', 'npm test\n', 'npm run build\n'])
      expect(ci).toContain(command);
    expect(scripts.start).toBe('node src/main.ts serve -c config/upstairs.yaml');
    expect(existsSync(join(top, 'config/upstairs.example.yaml'))).toBe(true);
  });

  test('names the same Debian packages as the continuous integration installs', () => {
    const told = /apt-get install -y --no-install-recommends ([a-z0-9 -]+)/.exec(readme)?.[1];
    expect(told).toBe(/packages=\(([^)]+)\)/.exec(read('.ci/run'))?.[1]);
  });
});

describe('the other pages', () => {
  test('CONTRIBUTING names only scripts that exist', () => {
    const named = [...read('CONTRIBUTING.md').matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => name ?? '');
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  test('ARCHITECTURE names only files and tests that exist', () => {
    const page = read('ARCHITECTURE.md');
    const tests = [...page.matchAll(/`((?:unit|acceptance|contracts|integration|long)(?:\/[\w.-]+)*)`/g)].map(
      ([, name]) => name ?? '',
    );
    expect(tests.length).toBeGreaterThan(10);
    const found = (name: string) =>
      existsSync(join(top, 'test', name)) || existsSync(join(top, 'test', `${name}.test.ts`));
    expect(tests.filter((name) => !found(name))).toEqual([]);
    const sources = [...page.matchAll(/`((?:\w+\/)*[\w-]+\.ts)`/g)].map(([, name]) => name ?? '');
    const idea = ['sources', 'gateway', 'http', 'doctor', 'acl-fix', 'protocol', 'copy', 'backfill', 'verify'];
    const folders = ['src', ...idea.map((name) => `src/${name}`)];
    expect(sources.filter((name) => !folders.some((folder) => existsSync(join(top, folder, name))))).toEqual([]);
  });
});
