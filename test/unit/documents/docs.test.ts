import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import type { Command } from 'commander';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { generatedPages } from '../../../docs/generate/pages.ts';
import { leaves, program } from '../../../docs/generate/program.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { madeUpEnvironment, wholeConfig } from '../../support/documented-config.ts';
import { documentation, fencedBlocks, relativeLinks } from '../../support/markdown.ts';

const top = join(import.meta.dirname, '../../..');
const read = (name: string) => readFileSync(join(top, name), 'utf8');
const pages = documentation();
const all = pages.map(({ text }) => text).join('\n');
const blocks = pages.flatMap(({ name, text }) => fencedBlocks(text).map((block) => ({ ...block, name })));

let commands: { name: string; command: Command }[];
let generated: ReadonlyMap<string, string>;

beforeAll(async () => {
  const upstairs = await program();
  commands = leaves(upstairs);
  generated = generatedPages(upstairs);
}, 60_000);

describe('the reference', () => {
  test('is what the program says of itself: npm run docs writes it anew', () => {
    expect(generated.size).toBeGreaterThan(3);
    for (const [path, text] of generated) expect(read(`docs/${path}`), path).toBe(text);
  });

  test('names every metric that a page speaks of', () => {
    const known = new Set(
      [...(generated.get('reference/metrics.md') ?? '').matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name),
    );
    const named = [...all.matchAll(/\bupstairs_[a-z_]+[a-z]\b/g)].map(([name]) => name);
    expect(new Set(named).size).toBeGreaterThan(10);
    const isKnown = (name: string) => known.has(name) || known.has(name.replace(/_(bucket|sum|count)$/, ''));
    expect(named.filter((name) => !isKnown(name))).toEqual([]);
  });

  test('names every option that a page speaks of', () => {
    const options = [...(generated.get('reference/configuration.md') ?? '').matchAll(/^\| `([\w.[\]]+)`/gm)];
    const known = new Set(options.map(([, path = '']) => path.replaceAll('[]', '')));
    const sections = [...known].map((path) => path.split('.')[0]).join('|');
    // Members of JSON are no options.
    const spoken = pages.filter(({ name }) => name !== 'docs/reference/json.md').map(({ text }) => text);
    const named = [
      ...spoken
        .join('\n')
        .matchAll(new RegExp(`\`((?:${sections})(?:\\[\\])?(?:\\.\\w+(?:\\[\\])?)+)(?:: [^\`]*)?\``, 'g')),
    ]
      .map(([, path = '']) => path.replaceAll('[]', ''))
      .filter((path) => !/\.(ts|db|yaml|md|sh)$/.test(path));
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((path) => !known.has(path))).toEqual([]);
  });
});

describe('the pages', () => {
  test('lead only to pages and files that exist', () => {
    const others = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'].map((name) => ({ name, text: read(name) }));
    const links = [...pages, ...others].flatMap(({ name, text }) =>
      relativeLinks(text).map((target) => ({
        name,
        target,
        path: normalize(join(dirname(name), target.replace(/#.*/, ''))),
      })),
    );
    expect(links.length).toBeGreaterThan(30);
    expect(links.filter(({ path }) => !existsSync(join(top, path)))).toEqual([]);
  });

  test('lead only to headings that the other page has', () => {
    const links = pages.flatMap(({ name, text }) =>
      relativeLinks(text)
        .filter((target) => target.includes('#'))
        .map((target) => ({ name, target, parts: target.split('#') })),
    );
    expect(links.length).toBeGreaterThan(3);
    const lost = links.filter(({ name, parts: [file = '', heading = ''] }) => {
      const { text = '' } = pages.find((page) => page.name === normalize(join(dirname(name), file))) ?? {};
      return !headings(text).includes(heading);
    });
    expect(lost.map(({ name, target }) => `${name}: ${target}`)).toEqual([]);
  });

  test('are all in the index', () => {
    const listed = new Set(relativeLinks(read('docs/README.md')).map((target) => normalize(join('docs', target))));
    expect(pages.map(({ name }) => name).filter((name) => name !== 'docs/README.md' && !listed.has(name))).toEqual([]);
  });

  test('speak of files of this project only where they exist', () => {
    const named = [...all.matchAll(/(?<![\w/.-])(?:\/opt\/upstairs\/)?((?:config|bin|src)\/[\w./-]*\w)/g)].map(
      ([, name = '']) => name,
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !existsSync(join(top, name)))).toEqual([]);
  });

  test('have only commands of Upstairs that exist, with options that they take', () => {
    const called = blocks
      .filter(({ language }) => language === 'sh')
      .flatMap(({ name, text }) => callsOf(text).map((call) => ({ name, call })));
    const inProse = pages.flatMap(({ name, text }) =>
      [...text.matchAll(/`(upstairs [a-z][^`]*)`/g)].map(([, call = '']) => ({ name, call })),
    );
    expect(called.length).toBeGreaterThan(10);
    const wrong = [...called, ...inProse].flatMap(({ name, call }) =>
      problemsOf(call).map((why) => `${name}: ${call}: ${why}`),
    );
    expect(wrong).toEqual([]);
  });

  test('have no commands but those that a test runs, and those of the own machine of whoever reads', () => {
    const words = blocks.filter(({ language }) => language === 'sh').flatMap(({ words: [kind] }) => kind ?? []);
    expect(words.filter((kind) => !['tested', 'by-hand', 'stays-running'].includes(kind))).toEqual([]);
    // The tutorial's are all run, or known to its test.
    const others = blocks.filter(
      ({ name, language, words: [kind] }) =>
        /^(sh|bash|shell|console)$/.test(language) && kind !== 'tested' && name !== 'docs/tutorial.md',
    );
    const lines = others.flatMap(({ name, text }) =>
      text
        .replaceAll(/\\\n\s*/g, '')
        .trim()
        .split('\n')
        .map((line) => ({ name, line })),
    );
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.filter(({ line }) => !ofTheOwnMachine.test(line))).toEqual([]);
  });

  test('show only configurations that are accepted, and alarms that can be read', () => {
    // Those of Prometheus and Alertmanager are read by what they are for: test/integration/prometheus-rules.test.ts.
    const shown = blocks.filter(({ language, words: [of] }) => language === 'yaml' && of === undefined);
    expect(shown.length).toBeGreaterThan(4);
    const problems = shown.flatMap(({ name, line, text }) => {
      const yaml = wholeConfig(text);
      if (yaml !== undefined) return configProblems(yaml).map((problem) => `${name}, line ${line}: ${problem}`);
      const { groups } = parse(text) as { groups: { rules: { alert: string; expr: string }[] }[] };
      for (const { alert, expr } of groups.flatMap(({ rules }) => rules)) expect([alert, expr]).not.toContain('');
      return [];
    });
    expect(problems).toEqual([]);
  });
});

/** As a forge makes addresses of them: lower case, `-` for spaces, no other signs. */
function headings(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** What a test cannot do: services, certificates, the log; a look at the admin listener; commands of Upstairs, which are looked at apart. */
const ofTheOwnMachine =
  /^(df -h \/|dmesg -T$|smartctl -a \/dev\/|systemctl (stop|start|restart|disable --now) |nginx -t && systemctl reload nginx$|journalctl |certbot |chown |umount |curl -sI https:\/\/|ssh -N -L |cp -p \S+\.before-upstairs |sed -i 's\/\^phase|echo '[^']*' > \S+canary|curl -s http:\/\/127\.0\.0\.1:9180\/|(runuser -u upstairs -- )?upstairs )/;

function configProblems(yaml: string): readonly string[] {
  try {
    const readFile = (path: string) => (path === 'upstairs.yaml' ? yaml : `made-up-for-${basename(path)}`);
    loadConfig('upstairs.yaml', { env: madeUpEnvironment(yaml), environment: false, readFile });
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** What is said to Upstairs in these commands; lines that go on are joined. */
function callsOf(shell: string): string[] {
  return shell
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .flatMap((line) => line.split(/&&|\||;/))
    .map((part) => /^\s*(?:runuser -u upstairs -- )?(upstairs .*)$/.exec(part)?.[1]?.trim() ?? '')
    .filter(Boolean);
}

function problemsOf(call: string): string[] {
  const words = call.split(/\s+/);
  if (words[1]?.startsWith('-')) return /^upstairs --(help|version)$/.test(call) ? [] : ['no command'];
  if (words[1] === 'COMMAND') return [];
  const found = commands.find(({ name }) => `${words.join(' ')} `.startsWith(`${name} `));
  if (found === undefined) return ['there is no such command'];
  const { options, registeredArguments } = found.command;
  const flags = words.filter((word) => word.startsWith('-') && word !== '-').map((word) => word.replace(/=.*/, ''));
  const unknown = flags.filter(
    (flag) => flag !== '--help' && !options.some(({ short, long }) => flag === short || flag === long),
  );
  const choices = registeredArguments[0]?.argChoices;
  const [first] = words.slice(found.name.split(' ').length);
  const odd = choices && first && !choices.includes(first) ? [`${first} is none of ${choices}`] : [];
  return [...unknown.map((flag) => `${flag} is not known`), ...odd];
}
