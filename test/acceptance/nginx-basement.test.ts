import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificates.ts';
import { askHttps, type HttpsServer } from '../support/https-client.ts';
import { needs } from '../support/left-out.ts';
import { basement, jpeg, longAgo, mastodonKey } from '../support/media-files.ts';
import { checkNginx, type Nginx, startNginx } from '../support/nginx.ts';
import { nginxFile, withSmallCache } from '../support/nginx-files.ts';
import { scratch } from '../support/scratch.ts';

const secret = 'a-secret-of-the-basement-0123';
const key = mastodonKey(1, 'jpg');
const suspended = mastodonKey(2, 'jpg');
const bytes = jpeg(1, { bytes: 50_000 });

describe.skipIf(needs('nginx').skip)('the files for nginx', () => {
  test.each(['upstairs.conf', 'basement.conf'] as const)(
    '%s passes nginx -t, and nginx has nothing to warn of',
    async (name) => {
      const said = await checkNginx(nginxFile(name, makeCertificate(['example.social'])));
      expect(said).toContain('test is successful');
      expect(said).not.toMatch(/\[(warn|error|emerg)\]/);
    },
  );

  test('upstairs.conf does so with its small cache too', async () => {
    const text = nginxFile('upstairs.conf', makeCertificate(['example.social']));
    const cached = withSmallCache(text, scratch('cache'));
    expect(cached.match(/^ *proxy_cache/gm)?.length).toBeGreaterThan(5);
    expect(await checkNginx(cached)).toContain('test is successful');
  });
});

describe.skipIf(needs('nginx').skip)('nginx in the basement', () => {
  const root = scratch('public');
  let nginx: Nginx;
  let server: HttpsServer;
  beforeAll(async () => {
    const system = join(root, 'system');
    await basement(system, {
      [key]: bytes,
      [suspended]: { bytes, mode: 0o600 },
      'upstairs-canary.txt': 'Upstairs looks for this file.\n',
    });
    writeFileSync(join(root, 'outside.txt'), 'not for Upstairs');
    symlinkSync(join(root, 'outside.txt'), join(system, 'link.txt'));
    mkdirSync(join(root, 'elsewhere'));
    writeFileSync(join(root, 'elsewhere/a.txt'), 'not for Upstairs');
    symlinkSync(join(root, 'elsewhere'), join(system, 'linked'));
    chmodSync(root, 0o755);
    const certificate = makeCertificate(['basement.test']);
    nginx = await startNginx((port) =>
      nginxFile('basement.conf', certificate, {
        'basement.example': 'basement.test',
        'replace-me-with-a-secret': secret,
        'listen 443 ': `listen 127.0.0.1:${port} `,
        '/var/lib/mastodon/public': root,
      }),
    );
    server = { port: nginx.port, ca: readFileSync(certificate.ca, 'utf8') };
  });
  afterAll(() => nginx.stop());
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET', said = secret) =>
    askHttps('HTTP/1.1', server, {
      host: 'basement.test',
      path,
      method,
      headers: { ...(said && { 'x-upstairs-secret': said }), ...headers },
    });

  test('gives Upstairs files with their dates, lengths and validators', async () => {
    const { status, headers, body } = await ask(`/system/${key}`);
    expect([status, body.equals(bytes)]).toEqual([200, true]);
    expect(headers).toMatchObject({
      'last-modified': new Date(Math.floor(longAgo) * 1000).toUTCString(),
      'content-length': String(bytes.length),
      'content-type': 'image/jpeg',
      etag: expect.stringMatching(/^"[\w-]+"$/),
    });
    expect(headers['content-encoding']).toBeUndefined();
    expect((await ask(`/system/${key}`, {}, 'HEAD')).headers['content-length']).toBe(String(bytes.length));
  });

  test('gives one range of the same file, and the whole of another', async () => {
    const { headers } = await ask(`/system/${key}`, {}, 'HEAD');
    const range = { range: 'bytes=100-199' };
    const part = await ask(`/system/${key}`, { ...range, 'if-range': String(headers.etag) });
    expect([part.status, part.body.equals(bytes.subarray(100, 200))]).toEqual([206, true]);
    expect((await ask(`/system/${key}`, { ...range, 'if-range': '"another"' })).status).toBe(200);
    expect((await ask(`/system/${key}`, { 'if-match': '"another"' })).status).toBe(412);
  });

  test('gives nobody else anything, and does not call it private', async () => {
    for (const said of ['', 'another', secret.toUpperCase(), `${secret}x`, secret.slice(1)])
      for (const path of [`/system/${key}`, `/system/${suspended}`, '/system/none.jpg'])
        expect([said, path, (await ask(path, {}, 'GET', said)).status]).toEqual([said, path, 401]);
  });

  test('says 403 for what only its owner may read, 404 for what is not there, and that the canary is', async () => {
    expect((await ask(`/system/${suspended}`)).status).toBe(403);
    expect((await ask('/system/none.jpg')).status).toBe(404);
    expect((await ask('/system/upstairs-canary.txt')).status).toBe(200);
  });

  test('shows no listing, and no way out of the tree', async () => {
    const outside = [
      '/',
      '/outside.txt',
      '/system/',
      '/system/link.txt',
      '/system/linked/a.txt',
      '/system/../outside.txt',
      '/system/%2e%2e/outside.txt',
    ];
    for (const path of outside) {
      const { status, text } = await ask(path);
      expect([path, status]).toEqual([path, expect.toBeOneOf([400, 403, 404])]);
      expect(text).not.toContain('not for Upstairs');
    }
  });

  test('keeps the secret out of its log', () => {
    expect(nginx.accessLog()).toContain(`/system/${key}`);
    expect(nginx.accessLog() + nginx.errorLog()).not.toContain(secret);
  });
});
