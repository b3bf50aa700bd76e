import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A fenced block of a page. */
export interface Fenced {
  /** The first word behind the fence; '' where there is none. */
  readonly language: string;
  /** The words after it. */
  readonly words: readonly string[];
  /** Without the indentation of its fence. */
  readonly text: string;
  /** Line number of its fence, from 1. */
  readonly line: number;
  /** Nothing but empty lines is between it and the block before. */
  readonly follows: boolean;
}

export function fencedBlocks(markdown: string): Fenced[] {
  const blocks: Fenced[] = [];
  let end = 0;
  for (const match of markdown.matchAll(/^( *)```(.*)\n([\s\S]*?)^\1```$/gm)) {
    const [whole, indent = '', info = '', inside = ''] = match;
    const [language = '', ...words] = info.trim().split(/ +/);
    blocks.push({
      language,
      words,
      text: inside.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      line: markdown.slice(0, match.index).split('\n').length,
      follows: blocks.length > 0 && markdown.slice(end, match.index).trim() === '',
    });
    end = match.index + whole.length;
  }
  return blocks;
}

/** Targets of links that lead neither to another site nor within the page; what is in code is no link. */
export function relativeLinks(markdown: string): string[] {
  const prose = markdown.replaceAll(/^( *)```.*\n[\s\S]*?^\1```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/.test(target) && !target.startsWith('#'));
}

export interface Page {
  /** Its path below the project's directory. */
  readonly name: string;
  readonly text: string;
}

const top = join(import.meta.dirname, '../..');

/** All pages of docs/. */
export function documentation(): Page[] {
  const names = readdirSync(join(top, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  );
  return names
    .toSorted()
    .map((name) => ({ name: `docs/${name}`, text: readFileSync(join(top, 'docs', name), 'utf8') }));
}
