import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { jpeg, mastodonKey, mp4, png } from '../support/media-files.ts';
import { world } from '../support/world.ts';

const run = promisify(execFile);

/** Nothing of ours: a configuration or a CA bundle of the machine's must not decide. */
const env = { PATH: process.env.PATH, HOME: '/nonexistent', RCLONE_CONFIG: '/dev/null', TZ: 'UTC' };

describe.skipIf(needs('ceph', 'rclone').skip)('what rclone thinks of the copies', () => {
  test('rclone check finds no difference, videos included; a file of mode 0600 is not served, and its copy is private', async () => {
    const hidden = mastodonKey(50, 'jpg');
    const files = {
      ...Object.fromEntries(
        Array.from({ length: 20 }, (_, n) => [mastodonKey(n, 'jpg'), jpeg(n, { bytes: 5000 + n })]),
      ),
      [mastodonKey(30, 'png')]: png(30),
      [mastodonKey(31, 'mp4')]: mp4(31, 20_000_000),
      [mastodonKey(32, 'mp4')]: mp4(32, 300_000),
      [hidden]: { bytes: jpeg(50), mode: 0o600 },
    };
    const { upstairs, rgw, bucket, root, facts } = await world({ files });
    for (const key of Object.keys(files)) {
      const answer = await upstairs.get(`/${key}`);
      expect([key, answer.status]).toEqual([key, key === hidden ? 404 : 200]);
    }
    await eventually(
      async () =>
        expect(await upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(Object.keys(files).length),
      { withinMs: 15_000 },
    );
    expect((await facts(hidden))?.isPublic).toBe(false);
    expect((await upstairs.get(`/${hidden}`)).status).toBe(404);
    expect((await fetch(`${rgw.endpoint}/${bucket}/${hidden}`)).status).toBe(403);

    const remote = `:s3,provider=Ceph,access_key_id=${rgw.accessKey},secret_access_key=${rgw.secretKey},endpoint='${rgw.endpoint}':${bucket}`;
    const check = await run('rclone', ['check', '--exclude', '_upstairs/**', root, remote], { env });
    expect(check.stderr).toContain('0 differences found');
    expect(check.stderr).toContain(`${Object.keys(files).length} matching files`);
    // And their times: rclone reads x-amz-meta-mtime as its own.
    const { stdout } = await run('rclone', ['lsl', remote], { env });
    expect(stdout.split('\n').filter((line) => line.includes('2021-03-04 05:06:07.123456')).length).toBe(
      Object.keys(files).length,
    );
  });
});
