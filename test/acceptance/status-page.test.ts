import { once } from 'node:events';
import { connect } from 'node:net';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { PlainConfig } from '../support/base-config.ts';
import { type OpenPage, picture, seriousProblems, startBrowser, type TestBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { basement, jpeg, mastodonKey } from '../support/media-files.ts';
import { sharedRgw } from '../support/rgw.ts';
import { runUpstairs } from '../support/run-upstairs.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs, type Upstairs } from '../support/upstairs.ts';
import { world } from '../support/world.ts';

const token = 'the-token-of-the-operator';
const files = 800;
/** A page must be there within a second. */
const openMs = 1000;

/** A move under way that takes its time: so many files, and some copies a second. */
async function movingWorld(change: PlainConfig = {}): Promise<{ upstairs: Upstairs; bucket: string }> {
  const rgw = sharedRgw();
  const bucket = await rgw.freshBucket();
  const root = scratch('odd-root');
  const keys = Array.from({ length: files }, (_, n) => mastodonKey(n, 'jpg'));
  await basement(root, Object.fromEntries(keys.map((key, n) => [key, jpeg(n)])));
  const config = baseConfig({
    ...{ endpoint: rgw.endpoint, bucket, root, admin: { listen: '127.0.0.1:0', token } },
    sources: [{ type: 'disk', name: 'odd-basement', root }],
    backfill: { enabled: true, scanEvery: 'off', listEvery: 'off' },
    copy: { pace: { requests: '4/s' } },
    ...change,
  });
  await runUpstairs(['scan'], config);
  const upstairs = await startUpstairs({ config });
  for (const key of keys.slice(0, 3)) await upstairs.get(`/${key}`);
  return { upstairs, bucket };
}

const backfill = async (upstairs: Upstairs) => JSON.parse((await upstairs.admin('/api/backfill')).text);

describe.skipIf(needs('ceph', 'chromium').skip)('the status page of a move under way', { timeout: 120_000 }, () => {
  let browser: TestBrowser;
  let upstairs: Upstairs;

  beforeAll(async () => {
    [browser, { upstairs }] = await Promise.all([startBrowser(), movingWorld()]);
    await eventually(async () => expect((await backfill(upstairs)).drain.copied.files).toBeGreaterThan(3), {
      withinMs: 30_000,
    });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await upstairs?.dispose();
  });

  async function open(options: Parameters<TestBrowser['open']>[1] = {}, url = upstairs.adminUrl): Promise<OpenPage> {
    const opened = await browser.open(url, options);
    onTestFinished(() => opened.context.close());
    return opened;
  }

  test('opens within a second', async () => {
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const opened = await browser.open(upstairs.adminUrl);
      times.push(await opened.loadMs());
      await opened.context.close();
    }
    times.sort((a, b) => a - b);
    console.log(`the page opened in ${times.map((ms) => ms.toFixed(0)).join(', ')} ms`);
    expect((await backfill(upstairs)).drain.state).toBe('copying');
    expect(times[2]).toBeLessThan(openMs);
  });

  test('moves by itself, asks nobody else, and complains of nothing', async () => {
    const { page, complaints, origins } = await open();
    const carried = page.locator('[data-field="copy.since"]');
    const before = await carried.textContent();
    expect(before).toMatch(/^\d+ files, /);
    await page.evaluate('document.body.dataset.same = "yes"');
    await eventually(async () => expect(await carried.textContent()).not.toBe(before), { withinMs: 10_000 });
    expect(await page.evaluate('document.body.dataset.same')).toBe('yes');
    expect(complaints).toEqual([]);
    expect([...origins]).toEqual([upstairs.adminUrl]);
  });

  test('pauses and resumes the backfill, and is refused without the token and with another one', async () => {
    const { page, complaints } = await open();
    const said = page.locator('#order-said');
    const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
    const give = async (text: string) => {
      await page.getByLabel('Token').fill(text);
      await press('Use it');
    };
    await press('Pause');
    await eventually(async () => expect(await said.textContent()).toContain('Not without the token'));
    await give('another-token-altogether');
    await eventually(async () =>
      expect(await page.locator('#token-said').textContent()).toContain('this is not the token'),
    );
    await press('Pause');
    await eventually(async () => expect(await said.textContent()).toContain('Not without the token'));
    expect(await backfill(upstairs)).toMatchObject({ run: 'running', by: 'configuration' });
    // The browser tells of the 401, and of nothing else.
    expect(complaints.filter((text) => !text.includes('401'))).toEqual([]);

    await give(token);
    await eventually(async () =>
      expect(await page.locator('#token-said').textContent()).toContain('This is the token'),
    );
    await press('Pause');
    await eventually(async () => expect(await backfill(upstairs)).toMatchObject({ run: 'paused', by: 'hand' }));
    const state = page.locator('[data-field="copy.state"]');
    await eventually(async () => expect(await state.textContent()).toBe('Paused'));
    await page.getByLabel('Limit').fill('1MiB/s');
    await press('Set');
    await eventually(async () => expect((await backfill(upstairs)).limits).toEqual({ bytesPerSecond: 2 ** 20 }));
    await page.getByLabel('Limit').fill('auto');
    await press('Set');
    await press('Resume');
    await eventually(async () =>
      expect(await backfill(upstairs)).toMatchObject({ run: 'running', by: 'configuration' }),
    );
    await eventually(async () => expect(await state.textContent()).toBe('Carrying up'));
    expect(upstairs.output() + JSON.stringify(upstairs.logs)).not.toContain(token);
  });

  test('has its numbers without JavaScript', async () => {
    const { page } = await open({ javaScriptEnabled: false });
    expect(await page.locator('[data-field="files.amount"]').textContent()).toMatch(/^\d+ of 800$/);
    expect(await page.locator('[data-field="copy.rate"]').textContent()).toMatch(/ objects\/s, /);
    expect(await page.locator('[data-list="source.0.why"] li').first().textContent()).toContain('run upstairs verify');
  });

  test('draws how it went, once there is something to draw', async () => {
    const told = async () => (await (await fetch(`${upstairs.adminUrl}/graphs?span=1h`)).json()) as { times: number[] };
    await eventually(async () => expect((await told()).times.length).toBeGreaterThan(2), {
      withinMs: 60_000,
      everyMs: 500,
    });
    const { page, complaints } = await open();
    await eventually(async () => expect(await page.locator('[data-graph="copies"] canvas').count()).toBe(1));
    expect(await page.locator('[data-graph="copies"] [data-summary]').textContent()).toMatch(
      /^In the last hour \d+ files were copied, /,
    );
    expect(complaints).toEqual([]);
  });

  test.each([390, 1280])('reads well at %i pixels, light and dark', async (width) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await open({ viewport: { width, height: 844 }, colorScheme, bypassCSP: true });
      await eventually(async () => expect(await page.locator('.plot canvas').count()).toBeGreaterThan(1));
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(await seriousProblems(page)).toEqual([]);
      await picture(page, `move-${width}-${colorScheme}`);
    }
  });
});

describe.skipIf(needs('ceph', 'chromium', 'fuse').skip)('a file that cannot be read', { timeout: 120_000 }, () => {
  test('is on the page by its name, as text, and goes up when it is tried again from there', async () => {
    const key = 'media_attachments/files/1/<img src=x onerror=alert(1)>.png';
    const at = await world({
      files: { [key]: jpeg(1) },
      faulty: [{ match: key, op: 'read', errno: 'EIO' }],
      config: { admin: { token }, copy: { retry: { first: '50ms', most: '100ms', times: 1 } } },
    });
    expect((await at.upstairs.get(`/${encodeURI(key)}`)).status).toBe(503);
    await eventually(
      async () => expect(await at.upstairs.metric('upstairs_ledger_keys', { status: 'refused' })).toBe(1),
      {
        withinMs: 20_000,
      },
    );
    const browser = await startBrowser();
    onTestFinished(() => browser.close());
    const { page, complaints } = await browser.open(at.upstairs.adminUrl);
    page.on('dialog', (dialog) => complaints.push(`a dialog: ${dialog.message()}`));
    expect(await page.content()).not.toContain('onerror');
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Use it' }).click();
    await eventually(async () => expect(await page.locator('#failures-keys .key').allTextContents()).toEqual([key]));
    expect(await page.locator('#failures-keys li').textContent()).toContain('damaged, EIO at byte 0 of');
    expect(await page.locator('#failures-keys img').count()).toBe(0);
    await at.disk?.setRules([]);
    await page.getByRole('button', { name: `Retry ${key}`, exact: true }).click();
    await eventually(
      async () => expect(await at.upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(1),
      {
        withinMs: 20_000,
      },
    );
    expect(complaints).toEqual([]);
  });
});

describe.skipIf(needs('ceph').skip)('the admin listener', { timeout: 120_000 }, () => {
  let upstairs: Upstairs;
  beforeAll(async () => {
    ({ upstairs } = await movingWorld());
  }, 120_000);
  afterAll(() => upstairs?.dispose());

  const asked = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${upstairs.adminUrl}${path}`, { headers, signal: AbortSignal.timeout(10_000) });

  test('gives its page rules that let in nothing else, and keeps it nowhere', async () => {
    const { headers } = await asked('/');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(Object.fromEntries(headers)).toMatchObject({
      ...{ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' },
      ...{ 'cross-origin-opener-policy': 'same-origin', 'content-type': 'text/html; charset=utf-8' },
    });
    const text = await (await asked('/')).text();
    const assets = [...text.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(assets.length).toBeGreaterThan(10);
    for (const path of assets) {
      const asset = await asked(path);
      expect([asset.status, asset.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
    }
    expect((await asked('/assets/0/main.ts')).status).toBe(404);
    expect((await asked('/metrics')).headers.get('cache-control')).toBe('no-store');
  });

  test('tells keys to nobody without the token, and nothing to the page of another origin', async () => {
    const right = { authorization: `Bearer ${token}` };
    expect((await asked('/api/hottest')).status).toBe(401);
    expect((await asked('/api/hottest', { authorization: 'Bearer another-one-altogether' })).status).toBe(401);
    const hottest = await asked('/api/hottest', right);
    expect([hottest.status, Object.keys((await hottest.json()) as object)]).toEqual([200, ['keys']]);
    for (const path of ['/', '/events', '/graphs?span=1h', '/api/hottest', '/api/failures'])
      expect((await asked(path, { ...right, origin: 'https://evil.example' })).status, path).toBe(403);
    for (const path of ['/', '/api/status', '/graphs?span=24h'])
      expect(await (await asked(path)).text(), path).not.toContain('media_attachments');
    expect((await asked('/graphs?span=1y')).status).toBe(400);
  });

  test('forgets pages that were asked for in a row on one connection when that ends', async () => {
    const { host, hostname, port } = new URL(upstairs.adminUrl);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    socket.write(`GET /events HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(60));
    await once(socket, 'data');
    // The places are taken by those behind the first.
    await eventually(async () => expect((await asked('/events')).status).toBe(503), { withinMs: 10_000 });
    socket.destroy();
    await eventually(async () => {
      const answer = await request(`${upstairs.adminUrl}/events`);
      answer.body.on('error', () => undefined).destroy();
      expect(answer.statusCode).toBe(200);
    });
  });

  test('keeps fifty pages true at once, turns the next away, and none of them keeps it from stopping', async () => {
    const pages = await Promise.all(Array.from({ length: 50 }, () => request(`${upstairs.adminUrl}/events`)));
    const texts = pages.map(() => '');
    for (const [i, { body }] of pages.entries()) {
      body.on('data', (chunk: Buffer) => {
        texts[i] += chunk.toString();
      });
      body.on('error', () => undefined);
    }
    await eventually(() => expect(texts.filter((text) => /\ndata: \{"fields":/.test(text))).toHaveLength(50), {
      withinMs: 10_000,
    });
    const late = await asked('/events');
    expect([late.status, late.headers.get('retry-after')]).toEqual([503, '30']);
    pages[0]?.body.destroy();
    const there = await eventually(async () => {
      const answer = await request(`${upstairs.adminUrl}/events`);
      answer.body.on('error', () => undefined);
      if (answer.statusCode !== 200) await answer.body.dump();
      expect(answer.statusCode).toBe(200);
      return answer;
    });
    there.body.resume();
    const began = performance.now();
    expect((await upstairs.kill()).code).toBe(0);
    const tookMs = performance.now() - began;
    console.log(`it stopped in ${tookMs.toFixed(0)} ms with fifty pages open`);
    expect(tookMs).toBeLessThan(10_000);
  });
});

describe.skipIf(needs('ceph').skip)('the public page', { timeout: 120_000 }, () => {
  test('is shown to nobody unless it is wanted', async () => {
    const { upstairs } = await movingWorld();
    onTestFinished(() => upstairs.dispose());
    expect((await upstairs.get('/_upstairs')).status).toBe(404);
  });

  test('tells sums and no names, costs one look however many ask, and shows nothing else below its path', async () => {
    const { upstairs } = await movingWorld({
      read: {
        publicStatus: true,
        listen: '127.0.0.1:0',
        routes: [
          { host: 'files.test', prefix: '/' },
          { host: 'app.test', prefix: '/system/' },
        ],
      },
    });
    onTestFinished(() => upstairs.dispose());
    const first = await upstairs.get('/_upstairs');
    expect([first.status, first.headers['cache-control'], first.headers.refresh]).toEqual([
      200,
      'public, max-age=10',
      '30',
    ]);
    expect(first.headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(first.text).toContain('old disks');
    expect(first.text).toMatch(/\d+ of 800/);
    expect(first.text).not.toMatch(/odd-|media_attachments|127\.0\.0\.1|files\.test|testtest|<script|\/tmp/);
    const others = await Promise.all(Array.from({ length: 200 }, () => upstairs.get('/_upstairs?x')));
    expect(new Set(others.map(({ text }) => text))).toEqual(new Set([first.text]));
    const [, style = ''] = /href="(\/_upstairs\/\w+\.css)"/.exec(first.text) ?? [];
    expect((await upstairs.get(style)).headers['content-type']).toBe('text/css; charset=utf-8');
    expect((await upstairs.get('/_upstairs', { host: 'app.test' })).status).toBe(200);
    const head = await upstairs.get('/_upstairs', { method: 'HEAD' });
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', String(first.body.length)]);
    for (const path of [
      '/_upstairs/identity',
      '/_upstairs/',
      '/_upstairs/0.css',
      '/%5fupstairs',
      '/_upstairs%2fidentity',
      '//_upstairs',
    ])
      expect([400, 404], path).toContain((await upstairs.get(path)).status);
    expect((await upstairs.get('/_upstairs', { host: 'other.test' })).status).toBe(404);
    expect((await upstairs.get('/_upstairs', { method: 'POST' })).status).toBe(405);
  });

  test.skipIf(needs('chromium').skip)(
    'reads well on a phone and in the dark, and does without JavaScript',
    async () => {
      const browser = await startBrowser();
      onTestFinished(() => browser.close());
      const { upstairs } = await movingWorld({
        read: { publicStatus: true, listen: '127.0.0.1:0', routes: [{ host: '*', prefix: '/' }] },
      });
      onTestFinished(() => upstairs.dispose());
      for (const width of [390, 1280])
        for (const colorScheme of ['light', 'dark'] as const) {
          const { page, complaints, origins } = await browser.open(`${upstairs.readUrl}/_upstairs`, {
            ...{ viewport: { width, height: 844 }, colorScheme, bypassCSP: true },
          });
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
          expect([...origins]).toEqual([upstairs.readUrl]);
          expect(complaints).toEqual([]);
          expect(await seriousProblems(page)).toEqual([]);
          await picture(page, `public-${width}-${colorScheme}`);
        }
      const { page } = await browser.open(`${upstairs.readUrl}/_upstairs`, { javaScriptEnabled: false });
      expect(await page.locator('body').innerText()).toMatch(/\d+ of 800/);
    },
  );
});
