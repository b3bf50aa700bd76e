import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getuid } from 'node:process';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import { commandPath } from './left-out.ts';

const shots = fileURLToPath(new URL('../.screenshots/', import.meta.url));
const axe = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'));

export interface TestBrowser {
  /** Opens a page. What it complains of and whom it asks is kept. */
  open(url: string, options?: BrowserContextOptions): Promise<OpenPage>;
  /** Ends it, and sees that no process of it is left. */
  close(): Promise<void>;
}

export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts, complaints of the console (broken policies among them), and requests that failed. It grows. */
  readonly complaints: string[];
  /** Origins that were asked for anything. */
  readonly origins: ReadonlySet<string>;
  /** From the beginning of the navigation to the end of loading, in milliseconds. */
  loadMs(): Promise<number>;
}

/** Debian's Chromium, without a window. */
export async function startBrowser(): Promise<TestBrowser> {
  const mark = `--upstairs-test=${crypto.randomUUID()}`;
  const args = [mark, ...(getuid?.() === 0 ? ['--no-sandbox'] : [])];
  const browser = await chromium.launch({ executablePath: commandPath('chromium') ?? 'chromium', args });
  const group = processes().find(({ command }) => command.includes(mark))?.group;
  return {
    open: (url, options = {}) => open(browser, url, options),
    async close() {
      await browser.close();
      expect(group).toBeDefined();
      await eventually(() => expect(processes().filter((process) => process.group === group)).toEqual([]));
    },
  };
}

async function open(browser: Browser, url: string, options: BrowserContextOptions): Promise<OpenPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  const origins = new Set<string>();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== 'data:') origins.add(origin);
  });
  await page.goto(url, { waitUntil: 'load' });
  return {
    ...{ page, context, complaints, origins },
    loadMs: () => page.evaluate<number>("performance.getEntriesByType('navigation')[0].loadEventEnd"),
  };
}

/** Keeps a picture of the whole page in test/.screenshots, for people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
}

/** What axe-core finds that is serious or worse. The page must have been opened with `bypassCSP`: its policy keeps out what is not its own. */
export async function seriousProblems(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: axe });
  const violations = await page.evaluate(async () => {
    type Violation = { id: string; impact: string; nodes: { html: string; failureSummary?: string }[] };
    const { axe: checker } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    return (await checker.run()).violations;
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary ?? ''}`));
}

interface Process {
  readonly group: string;
  readonly command: string;
}

function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, , group = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
        return state === 'Z' ? [] : [{ group, command }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}
