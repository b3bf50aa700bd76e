import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { promisify } from 'node:util';
import { startFauxqs } from 'fauxqs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { boxConfig } from '../support/box-config.ts';
import { parseDockerfile } from '../support/dockerfile.ts';
import { eventually } from '../support/eventually.ts';
import { type Decide, faultProxy } from '../support/fault-proxy.ts';
import { needs } from '../support/left-out.ts';
import { basement, jpeg, mastodonKey } from '../support/media-files.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { objectFacts, sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs } from '../support/upstairs.ts';

const run = promisify(execFile);
const top = join(import.meta.dirname, '../..');
const read = (name: string) => readFileSync(join(top, name), 'utf8');
const key = mastodonKey(1, 'jpg');
const bytes = jpeg(1);

/** Garage has no anonymous readers and no ACLs to ask for. */
const signedOnly: Decide = ({ headers, query }) => {
  if (headers.authorization === undefined) return { status: 403 };
  return query.has('acl') ? { status: 501 } : 'pass';
};

describe.skipIf(needs('ceph').skip)('the configuration of the box, with directories and ports of this machine', () => {
  test.each([
    ['Garage, which has no ACLs and knows no conditions', {}],
    ['Spaces, which has ACLs', { BUCKET_READS: 'anonymous', BUCKET_ACLS: 'true' }],
  ])(
    'serves the disk, carries up to a store like %s, and answers the health check and Prometheus',
    async (name, env) => {
      const rgw = sharedRgw();
      const likeGarage = await faultProxy(rgw.endpoint, signedOnly, { dropHeader: ['x-amz-acl', 'if-none-match'] });
      onTestFinished(() => likeGarage.close());
      const bucket = await rgw.freshBucket();
      const root = scratch('media');
      await basement(root, { [key]: bytes });
      const upstairs = await startUpstairs({
        config: boxConfig(read('config/box.yaml'), { root, stateDir: scratch('state') }),
        env: {
          UPSTAIRS_PHASE: 'move',
          MEDIA_HOST: 'files.test',
          APP_HOST: 'app.test',
          WRITE_HOST: 's3.test',
          BUCKET_ENDPOINT: name.startsWith('Garage') ? likeGarage.endpoint : rgw.endpoint,
          ...env,
          BUCKET_REGION: 'us-east-1',
          BUCKET_NAME: bucket,
          BUCKET_ACCESS_KEY: rgw.accessKey,
          BUCKET_SECRET_KEY: rgw.secretKey,
          MASTODON_ACCESS_KEY: 'mastodon',
          MASTODON_SECRET_KEY: 'made-up-for-mastodon-0123456789',
          PURGE_SECRET: 'made-up-for-purges-0123456789',
        },
      });
      onTestFinished(() => upstairs.dispose());
      expect((await upstairs.get(`/${key}`)).body.equals(bytes)).toBe(true);
      await eventually(async () => expect(await objectFacts(rgw.client, bucket, key)).toBeDefined(), {
        withinMs: 15_000,
      });

      const health = parseDockerfile(read('Dockerfile')).find(({ name }) => name === 'HEALTHCHECK')?.text ?? '';
      const [node, ...words] = JSON.parse(/CMD (\[.+\])$/.exec(health)?.[1] ?? '[]');
      expect(node).toBe('node');
      const at = (url: string) => words.map((word: string) => word.replace('http://127.0.0.1:9180', url));
      await run(execPath, at(upstairs.adminUrl));
      await expect(run(execPath, at(`${upstairs.adminUrl}/nowhere`))).rejects.toMatchObject({ code: 1 });
      await expect(run(execPath, at('http://127.0.0.1:1'))).rejects.toMatchObject({ code: 1 });

      const [job] = parse(read('config/prometheus/prometheus.yml')).scrape_configs;
      expect((await upstairs.admin(job.metrics_path)).text).toContain('upstairs_');
    },
  );
});

test.skipIf(needs('prometheus').skip)(
  'the Prometheus of the box scrapes Upstairs, and evaluates the alarms and what the dashboard goes by',
  async () => {
    const store = await startFauxqs({ port: 0, logger: false });
    onTestFinished(() => store.stop());
    store.createBucket('media');
    const root = scratch('media');
    await basement(root, { [key]: bytes });
    const upstairs = await startUpstairs({ config: baseConfig({ endpoint: store.address, bucket: 'media', root }) });
    onTestFinished(() => upstairs.dispose());
    const box = read('config/prometheus/prometheus.yml')
      .replace('upstairs:9180', new URL(upstairs.adminUrl).host)
      .replace('rules.yml', join(top, 'config/prometheus/rules.yml'))
      .replaceAll('15s', '1s');
    const prometheus = await startPrometheus(parse(box));
    onTestFinished(() => prometheus.stop());
    await eventually(
      async () => expect((await prometheus.query('upstairs_ready{job="upstairs"} == 1')).length).toBe(1),
      {
        withinMs: 20_000,
      },
    );
    await eventually(
      async () => {
        const health = new Set((await prometheus.rules()).map((rule) => rule.health));
        expect([...health]).toEqual(['ok']);
      },
      { withinMs: 20_000 },
    );
  },
);
