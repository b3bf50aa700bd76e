import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Asset {
  readonly type: string;
  readonly bytes: Buffer;
}

export interface Scripts {
  readonly plain: readonly string[];
  /** The module that begins, and all those that it imports. */
  readonly main: string;
  readonly modules: readonly string[];
}

/** The page's styles and scripts, in memory. */
export interface Assets {
  /** By path. A path never has other bytes: it names what is in all of them. */
  readonly byPath: ReadonlyMap<string, Asset>;
  /** @throws where there is no asset of this name. */
  path(name: string): string;
  readonly scripts: Scripts;
  readonly styles: readonly string[];
  /** What of the styles the public page has too. */
  readonly style: Buffer;
}

const script = 'text/javascript; charset=utf-8';
const style = 'text/css; charset=utf-8';
const here = import.meta.url;
/** What both pages look like. */
const both = ['colours.css', 'page.css'];
/** `.ts` from the sources, `.js` once they were compiled: the scripts name each other so. */
const extension = extname(here);

/** Reads them all, once, at the start. */
export function loadAssets(): Assets {
  const files = new Map<string, Asset>([
    ['uplot.js', { type: script, bytes: readFileSync(ofUplot('uPlot.iife.min.js')) }],
    ['uplot.css', { type: style, bytes: readFileSync(ofUplot('uPlot.min.css')) }],
  ]);
  const dir = new URL('./browser/', here);
  for (const name of readdirSync(dir).sort()) {
    const text = () => readFileSync(new URL(name, dir), 'utf8');
    if (name.endsWith('.css')) files.set(name, { type: style, bytes: Buffer.from(text()) });
    else if (name.endsWith('.ts') && extension === '.ts')
      files.set(name, { type: script, bytes: Buffer.from(withoutTypes(text())) });
    else if (name.endsWith('.js')) files.set(name, { type: script, bytes: Buffer.from(text()) });
  }
  const hash = createHash('sha256');
  for (const [name, { bytes }] of files) hash.update(`${name} ${bytes.length} `).update(bytes);
  // One for all: scripts import each other by name, so that the newer of one must not meet the older of another.
  const folder = `/assets/${hash.digest('hex').slice(0, 16)}`;
  return {
    byPath: new Map([...files].map(([name, asset]) => [`${folder}/${name}`, asset])),
    path(name) {
      if (!files.has(name)) throw new Error(`the page has no ${name}`);
      return `${folder}/${name}`;
    },
    scripts: {
      plain: ['uplot.js'],
      main: `main${extension}`,
      modules: [...files.keys()].filter((name) => name.endsWith(extension) && name !== 'uplot.js'),
    },
    styles: ['uplot.css', ...both, 'operator.css'],
    style: Buffer.concat(both.map((name) => files.get(name)!.bytes)),
  };
}

function ofUplot(name: string): string {
  return fileURLToPath(import.meta.resolve(`uplot/dist/${name}`));
}

/** Node warns that this function may still change. That is nothing which somebody who starts the program could do anything about. */
function withoutTypes(text: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return stripTypeScriptTypes(text);
  } finally {
    process.emitWarning = emitWarning;
  }
}
