import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type OpenPage, picture, seriousProblems, startBrowser, type TestBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { evening, madeUpFacts } from '../support/made-up-page.ts';
import { hostileKeys, madeUpServer, madeUpToken } from '../support/made-up-server.ts';

const looks = [390, 1280].flatMap((width) => (['light', 'dark'] as const).map((scheme) => ({ width, scheme })));

describe.skipIf(needs('chromium').skip)('the page in a browser', () => {
  let browser: TestBrowser;
  let server: Awaited<ReturnType<typeof madeUpServer>>;

  beforeAll(async () => {
    browser = await startBrowser();
    server = await madeUpServer();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  async function open(options: Parameters<TestBrowser['open']>[1], url = server.url): Promise<OpenPage> {
    const opened = await browser.open(url, options);
    onTestFinished(() => opened.context.close());
    return opened;
  }

  async function giveToken({ page }: OpenPage, token = madeUpToken): Promise<string> {
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Use it' }).click();
    await eventually(async () => expect(await page.locator('#token-said').textContent()).not.toBe(''));
    return (await page.locator('#token-said').textContent()) ?? '';
  }

  test.each(looks)(
    'reads well at $width pixels in the $scheme, without scrolling sideways, and axe finds nothing serious',
    async ({ width, scheme }) => {
      const opened = await open({ viewport: { width, height: 844 }, colorScheme: scheme, bypassCSP: true });
      const { page } = opened;
      await eventually(async () => expect(await page.locator('.plot canvas').count()).toBe(3));
      expect(await giveToken(opened)).toContain('This is the token');
      await eventually(async () => expect(await page.locator('#failures-keys li').count()).toBe(hostileKeys.length));
      for (const details of await page.locator('summary').all()) await details.click();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(await seriousProblems(page)).toEqual([]);
      await picture(page, `operator-${width}-${scheme}`);
    },
  );

  test('says so where the state cannot be read, and is there again when it can', async () => {
    let broken = false;
    const ailing = await madeUpServer({
      facts: () => {
        if (broken) throw new Error('disk I/O error');
        return madeUpFacts();
      },
    });
    onTestFinished(() => ailing.close());
    broken = true;
    const { page, complaints } = await open({ viewport: { width: 390, height: 844 }, bypassCSP: true }, ailing.url);
    expect(await page.locator('main').textContent()).toMatch(/Safe to unplug: not known.*see the program's log/s);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect(await seriousProblems(page)).toEqual([]);
    await picture(page, 'trouble-390');
    expect(ailing.failed[0]).toMatchObject({ message: 'disk I/O error' });
    expect((await fetch(ailing.url)).status).toBe(500);
    expect(complaints.filter((complaint) => !complaint.includes('500'))).toEqual([]);
    broken = false;
    await page.getByRole('link', { name: 'Ask again' }).click();
    await eventually(async () => expect(await page.title()).not.toContain('cannot be read'));
    expect(await page.locator('h1').textContent()).toContain('Upstairs');
  });

  test('runs no name as HTML, asks nobody else, and breaks none of its own rules', async () => {
    const opened = await open({});
    const { page, complaints, origins } = opened;
    page.on('dialog', (dialog) => complaints.push(`a dialog: ${dialog.message()}`));
    await giveToken(opened);
    for (const list of ['#failures-keys', '#hottest-keys'])
      await eventually(async () => expect(await page.locator(`${list} .key`).allTextContents()).toEqual(hostileKeys));
    expect(await page.locator('#failures-keys img, #failures-keys script, #hottest-keys b').count()).toBe(0);
    await eventually(async () => expect(await page.locator('.plot canvas').count()).toBe(3));
    await page.getByRole('button', { name: `Retry ${hostileKeys[1]}`, exact: true }).click();
    await eventually(() => expect(server.retried).toEqual([{ keys: [hostileKeys[1]] }]));
    await page.getByRole('button', { name: 'Retry all of these' }).click();
    await eventually(() => expect(server.retried.at(-1)).toBe('all'));
    await page.getByLabel('Keys of').selectOption('damaged');
    await page.getByRole('button', { name: 'Retry all of these' }).click();
    await eventually(() => expect(server.retried.at(-1)).toEqual({ reason: 'damaged' }));
    expect(complaints).toEqual([]);
    expect([...origins]).toEqual([server.url]);
  });

  test('says the gist to who listens, and not before a minute is over', async () => {
    let hours = 1;
    const facts = () => madeUpFacts({ servingMs: evening - hours++ * 3_600_000 });
    const moving = await madeUpServer({ facts });
    onTestFinished(() => moving.close());
    const { page } = await open({}, moving.url);
    const serving = page.locator('[data-field="serving"]');
    const before = await serving.textContent();
    await eventually(async () => expect(await serving.textContent()).not.toBe(before));
    expect(await page.locator('#gist').textContent()).toBe('');
    await page.evaluate('{ const now = Date.now; Date.now = () => now() + 61_000; }');
    await eventually(async () =>
      expect(await page.locator('#gist').textContent()).toMatch(/^Carrying up\. 56\.0% of the files are upstairs, /),
    );
  });

  test('says that it stands still when nobody answers any more', async () => {
    const ending = await madeUpServer();
    const { page } = await open({}, ending.url);
    const said = page.locator('#connection-said');
    await eventually(async () => expect(await page.locator('#connection').getAttribute('data-mood')).toBe('good'));
    expect(await said.textContent()).toBe('');
    await ending.close();
    await eventually(async () => expect(await said.textContent()).toBe('(no connection: the numbers stand still)'), {
      withinMs: 10_000,
    });
  });

  test('shows no key without the token, and says what is wrong with another one', async () => {
    const opened = await open({});
    const { page } = opened;
    await page.getByRole('button', { name: 'Pause' }).click();
    await eventually(async () =>
      expect(await page.locator('#order-said').textContent()).toContain('Not without the token'),
    );
    expect(await giveToken(opened, 'another-token-altogether')).toContain('this is not the token');
    expect(await page.locator('#failures-keys').isVisible()).toBe(false);
    expect(await page.content()).not.toContain('media_attachments');
    expect(await page.getByRole('cell', { name: '31' }).isVisible()).toBe(true);
  });

  test('says where no token is configured that nobody may give orders', async () => {
    const closed = await madeUpServer({ token: undefined });
    onTestFinished(() => closed.close());
    const { page, complaints } = await open({}, closed.url);
    expect(await page.getByText('No token is configured').isVisible()).toBe(true);
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('keeps the token for the tab only where that is wanted, and forgets it on a word', async () => {
    const opened = await open({});
    const { page } = opened;
    await giveToken(opened);
    await page.reload();
    expect(await page.locator('#failures-keys').isVisible()).toBe(false);
    await page.getByLabel('Keep it until this tab is closed').check();
    await giveToken(opened);
    await page.reload();
    await eventually(async () => expect(await page.locator('#failures-keys .key').count()).toBe(hostileKeys.length));
    await page.getByRole('button', { name: 'Forget it' }).click();
    expect(await page.locator('#failures-keys .key').count()).toBe(0);
    expect(await page.evaluate('[sessionStorage.length, localStorage.length, document.cookie]')).toEqual([0, 0, '']);
    expect(page.url()).not.toContain('token');
  });

  test('is gone through by keyboard, and shows where one is', async () => {
    const { page } = await open({});
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the numbers');
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab');
      const [name, outline] = await page.evaluate<[string, string]>(
        `[document.activeElement.id || document.activeElement.textContent.trim(), getComputedStyle(document.activeElement).outlineStyle]`,
      );
      if (name !== '' && outline !== 'none') seen.add(name);
    }
    for (const name of ['token', 'Use it', 'Start', 'Pause', 'Resume', 'limit', '1h: the last hour', 'As a table'])
      expect([...seen], name).toContain(name);
  });

  test('shows other spans without a new page, and with one where there is no JavaScript', async () => {
    const { page } = await open({});
    const summary = page.locator('[data-graph="answers"] [data-summary]');
    expect(await summary.textContent()).toContain('In the last 24 hours');
    await page.evaluate("document.body.dataset.same = 'yes'");
    await page.getByRole('link', { name: 'the last 7 days' }).click();
    await eventually(async () => expect(await summary.textContent()).toContain('In the last 7 days'));
    expect(await page.evaluate('document.body.dataset.same')).toBe('yes');
    const { page: plain } = await open({ javaScriptEnabled: false });
    await plain.getByRole('link', { name: 'the last hour' }).click();
    expect(await plain.locator('[data-graph="answers"] [data-summary]').textContent()).toContain('In the last hour');
  });

  test('has every number without JavaScript', async () => {
    const { page } = await open({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
    const text = await page.locator('body').innerText();
    for (const number of [
      '96.4%',
      '59.6%',
      '512,100 of 914,256',
      'about 52h',
      '41.3 ms',
      '70.8%',
      'it was never verified',
    ])
      expect(text).toContain(number);
    expect(await page.locator('noscript meta[http-equiv="refresh"]').count()).toBe(1);
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
    await picture(page, 'operator-390-without-javascript');
  });

  test('moves rows, reasons and meters in place, also those that come and go', async () => {
    let facts = madeUpFacts();
    const moving = await madeUpServer({ facts: () => facts });
    onTestFinished(() => moving.close());
    const { page } = await open({}, moving.url);
    const [first] = facts.status.sources;
    facts = madeUpFacts({
      atMs: evening + 60_000,
      tiers: { ...facts.status.tiers, all: [...facts.status.tiers.all, { tier: 'annexe', requests: 5, bytes: 5 }] },
      sources: [
        { ...first!, unplug: { safe: false, reasons: [{ code: 'phase', why: 'another reason', todo: 'wait' }] } },
        ...facts.status.sources.slice(1),
      ],
      backfill: undefined,
    });
    await eventually(
      async () =>
        expect(await page.locator('[data-list="source.0.why"] li').allTextContents()).toEqual(['another reason: wait']),
      {
        withinMs: 10_000,
      },
    );
    expect(
      await page
        .locator('[data-table="tiers"] tr')
        .evaluateAll((rows) => rows.map((row) => row.firstElementChild?.textContent)),
    ).toEqual([...['cache', 'bucket', 'annexe', 'attic', 'basement', 'in all']]);
    expect(await page.locator('[data-meter="files"]').isVisible()).toBe(false);
    expect(await page.locator('[data-field="at"]').textContent()).toBe('2026-03-01 20:15 UTC');
  });
});
