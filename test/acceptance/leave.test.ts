import { PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { needs } from '../support/left-out.ts';
import { documentation, fencedBlocks } from '../support/markdown.ts';
import { startNginx } from '../support/nginx.ts';
import { sendRaw } from '../support/raw-http.ts';
import { sharedRgw } from '../support/rgw.ts';

/** What the page has for nginx: of the media host, and of old URLs. */
const [media = '', old = ''] = documentation()
  .filter(({ name }) => name.endsWith('/leave.md'))
  .flatMap(({ text }) => fencedBlocks(text))
  .filter(({ language }) => language === 'nginx')
  .map(({ text }) => text);

const shown = 'media_attachments/files/001/original/shown.jpg';
const odd = 'site_uploads/files/001/original/an odd name + ü? & %41.jpg';
const hidden = 'media_attachments/files/002/original/hidden.jpg';

describe.skipIf(needs('ceph', 'nginx').skip)('the nginx of an instance that has left Upstairs', () => {
  let bucket: string;

  beforeAll(async () => {
    const { client, freshBucket } = sharedRgw();
    bucket = await freshBucket();
    for (const [Key, ACL] of [
      [shown, 'public-read'],
      [odd, 'public-read'],
      [hidden, 'private'],
      ['backups/dumps/archive.tar.gz', 'public-read'],
    ] as const)
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, ACL, Body: `bytes of ${Key}` }));
  });

  /** As the page has it; but the bucket is in the path, where a key prefix would be, and there is no TLS. */
  async function nginx() {
    const here = (text: string) =>
      text
        .replaceAll('example-social-media.fra1.digitaloceanspaces.com', new URL(sharedRgw().endpoint).host)
        .replaceAll('https://$bucket', 'http://$bucket')
        .replace('^ $uri?', `^ /${bucket}$uri?`)
        .replace('/$1?', `/${bucket}/$1?`);
    const server = await startNginx(
      (port) => `server { listen 127.0.0.1:${port}; server_name files.test; ${here(media)} }
        server { listen 127.0.0.1:${port}; server_name app.test; ${here(old)} }`,
    );
    onTestFinished(() => server.stop());
    /** Each path goes as it is written here. */
    return async (host: string, path: string, method = 'GET') => {
      const asked = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      const { status, raw } = await sendRaw(server.port, asked);
      const [head = '', body = ''] = raw.toString('utf8').split(/\r\n\r\n([\s\S]*)/);
      return { status, head, body };
    };
  }

  test('shows what is public under new URLs and old ones, and nothing else', async () => {
    const ask = await nginx();
    const path = (key: string) => `/${key.split('/').map(encodeURIComponent).join('/')}`;
    for (const key of [shown, odd])
      for (const [host, url] of [
        ['files.test', path(key)],
        ['app.test', `/system${path(key)}`],
        // An old Mastodon's, and one that would ask the store for something else.
        ['app.test', `/system${path(key)}?1234567890`],
        ['files.test', `${path(key)}?acl`],
      ] as const) {
        const { status, body, head } = await ask(host, url);
        expect([url, status, body]).toEqual([url, 200, `bytes of ${key}`]);
        expect(head).toMatch(/\r\nx-content-type-options: nosniff\r\n/i);
      }
    expect((await ask('files.test', path(hidden))).status).toBe(403);
    expect((await ask('files.test', '/backups/dumps/archive.tar.gz')).status).toBe(404);
    expect((await ask('files.test', path(shown), 'DELETE')).status).toBe(403);
    expect((await ask('files.test', '/?uploads')).body).not.toContain('ListMultipartUploadsResult');
    // Decoded, it would be a line of the request to the store.
    expect((await ask('files.test', `${path(shown)}%20HTTP/1.1%0d%0aX-Line:%201%0d%0a`)).status).not.toBe(200);
  });
});
