import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
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
    const files: Record<string, string> = { 'upstairs.yaml': there, '/run/secrets/spaces_secret': 'a-secret\n' };
    const { config } = loadConfig('upstairs.yaml', {
      env: { SPACES_KEY: 'a-key' },
      readFile: (path) => files[path] ?? expect.fail(`${path} is not named`),
    });
    expect(config.bucket.secretKey).toBe('a-secret');
    expect(config.read.routes).toHaveLength(2);
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
    const tests = [...page.matchAll(/`((?:unit|acceptance|contracts|integration)(?:\/[\w.-]+)*)`/g)].map(
      ([, name]) => name ?? '',
    );
    expect(tests.length).toBeGreaterThan(10);
    const found = (name: string) =>
      existsSync(join(top, 'test', name)) || existsSync(join(top, 'test', `${name}.test.ts`));
    expect(tests.filter((name) => !found(name))).toEqual([]);
    const sources = [...page.matchAll(/`((?:\w+\/)*[\w-]+\.ts)`/g)].map(([, name]) => name ?? '');
    const folders = ['src', 'src/sources'];
    expect(sources.filter((name) => !folders.some((folder) => existsSync(join(top, folder, name))))).toEqual([]);
  });
});

describe('the box', () => {
  const compose = parse(read('docker-compose.yml'));
  const example = parse(read('config/upstairs.example.yaml'));

  test('docker-compose.yml builds from a Dockerfile whose every source exists', () => {
    const { build } = compose.services.upstairs;
    expect(statSync(join(top, build, 'Dockerfile')).isFile()).toBe(true);
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) =>
      names.split(' '),
    );
    expect(copied.length).toBeGreaterThan(3);
    expect(copied.filter((name) => !existsSync(join(top, name)))).toEqual([]);
  });

  test('its ports, state and secret are those of the example configuration', () => {
    const { ports, volumes, secrets, environment } = compose.services.upstairs;
    const inside = (ports as string[]).map((port) => port.split(':').at(-1));
    expect(inside).toEqual(
      [example.read.listen, example.admin.listen].map((listen: string) => listen.split(':').at(-1)),
    );
    expect(volumes.some((volume: string) => volume.split(':')[1] === example.state.dir)).toBe(true);
    expect(example.bucket.secretKey).toBe(`\${file:/run/secrets/${secrets[0]}}`);
    expect(example.bucket.accessKey).toBe(`\${${Object.keys(environment)[0]}}`);
    expect(Object.keys(compose.secrets)).toEqual(secrets);
    const command = JSON.parse(/^CMD (.+)$/m.exec(read('Dockerfile'))?.[1] ?? '[]');
    expect(volumes.some((volume: string) => volume.split(':')[1] === command.at(-1))).toBe(true);
  });
});
