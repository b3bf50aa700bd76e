import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { assemble } from '../../../src/setup/assemble.ts';
import { readMastodonEnv } from '../../../src/setup/mastodon-env.ts';
import { questions } from '../../../src/setup/questions.ts';
import { mastodonEnv, nginxConf } from '../../../src/setup/templates.ts';
import { upstairsYaml } from '../../../src/setup/upstairs-yaml.ts';

const answered = {
  webHost: 'social.town',
  mediaHost: 'files.social.town',
  writeHost: 's3.social.town',
  endpoint: 'https://fra1.digitaloceanspaces.com',
  region: 'us-east-1',
  bucket: 'town-media',
  bucketAccessKey: 'DO00',
  bucketSecretKey: 's3cr3t-of-the-bucket',
  acls: 'yes',
  root: `/mnt/\${odd} name: #1`,
  state: '/var/lib/upstairs',
};
const madeUp = {
  'admin-token': 'token-for-orders-0123',
  'mastodon-access-key': 'UP0123',
  'mastodon-secret-key': 'secret-for-mastodon-0123',
  'purge-secret': 'secret-for-purges-0123',
};
const inUse = (endpoint: string) =>
  readMastodonEnv(
    `LOCAL_DOMAIN=social.town\nS3_ENABLED=true\nS3_BUCKET=town-media\nS3_ENDPOINT=${endpoint}\nAWS_ACCESS_KEY_ID=OLD\nAWS_SECRET_ACCESS_KEY=old`,
    '/live',
  );

describe('a set-up', () => {
  const { answers, secrets } = assemble(answered, undefined);

  it('has values of any form in its configuration, and no secret', () => {
    const yaml = upstairsYaml(answers, '/etc/upstairs/secrets');
    expect(parse(yaml).sources).toEqual([
      { type: 'disk', name: 'basement', root: `/mnt/$\${odd} name: #1`, required: false },
    ]);
    expect(yaml).not.toContain('s3cr3t');
  });

  it('has no name of the examples left in what is for nginx and Mastodon', () => {
    const env = mastodonEnv(answers, { ...secrets, ...madeUp });
    for (const text of [env, nginxConf(answers)]) expect(text).not.toMatch(/example|replace-me|Replace/);
    expect(env).not.toContain('s3cr3t');
    const set = Object.fromEntries([...env.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
    expect(set).toMatchObject({
      S3_BUCKET: 'town-media',
      S3_ENDPOINT: 'https://s3.social.town',
      S3_ALIAS_HOST: 'files.social.town',
      AWS_ACCESS_KEY_ID: 'UP0123',
      AWS_SECRET_ACCESS_KEY: 'secret-for-mastodon-0123',
      CACHE_BUSTER_SECRET: 'secret-for-purges-0123',
      EXTRA_MEDIA_HOSTS: 'https://s3.social.town,https://files.social.town',
    });
  });

  it('signs, and expects nothing of ACLs, where the bucket keeps none', () => {
    const { answers } = assemble({ ...answered, acls: 'no' }, undefined);
    expect(parse(upstairsYaml(answers, '/s')).bucket).toMatchObject({ acls: false, reads: 'signed' });
  });

  it('takes the bucket that Mastodon uses for the one where media will be, if it is', () => {
    const { answers, notes } = assemble(answered, inUse('https://fra1.digitaloceanspaces.com/'));
    expect(answers.oldBucket).toBeUndefined();
    expect(notes).toEqual([expect.stringContaining('what it deletes comes back')]);
  });

  it('takes another bucket that Mastodon uses for a source', () => {
    const { answers, secrets, notes } = assemble({ ...answered, root: 'none' }, inUse('http://minio:9000'));
    expect(secrets).toMatchObject({ 'old-bucket-access-key': 'OLD', 'old-bucket-secret-key': 'old' });
    expect(notes).toEqual([expect.stringContaining('becomes a source')]);
    expect(parse(upstairsYaml(answers, '/s')).sources).toEqual([
      {
        type: 's3',
        name: 'old-bucket',
        endpoint: 'http://minio:9000',
        region: 'us-east-1',
        bucket: 'town-media',
        accessKey: `\${file:/s/old-bucket-access-key}`,
        secretKey: `\${file:/s/old-bucket-secret-key}`,
        acls: true,
      },
    ]);
  });

  it('says what to do about links below the media host that have another path', () => {
    const mastodon = readMastodonEnv('LOCAL_DOMAIN=social.town\nCDN_HOST=https://files.social.town', '/live');
    const { answers, notes } = assemble(answered, mastodon);
    // One URL would have two keys.
    expect(parse(upstairsYaml(answers, '/s')).read.routes).toHaveLength(2);
    expect(notes).toEqual([expect.stringContaining('rewrite ^/system/(.*)$ /$1 break;')]);
  });

  it('does not take the write host for an old bucket, when Mastodon was switched already', () => {
    const { answers, notes } = assemble(answered, inUse('https://s3.social.town'));
    expect(answers.oldBucket).toBeUndefined();
    expect(notes).toEqual([expect.stringContaining('through the write host already')]);
  });

  it.each([
    [{ mediaHost: 'social.town' }, 'three host names'],
    [{ endpoint: 'https://s3.social.town' }, 'name the store itself'],
    [{ root: 'none' }, 'nowhere to take media from'],
  ])('is refused with %j', (wrong, problem) => {
    expect(assemble({ ...answered, ...wrong }, undefined).problems).toEqual([expect.stringContaining(problem)]);
  });
});

describe('the questions', () => {
  it.each([
    ['webHost', 'https://social.town', 'without scheme'],
    ['endpoint', 'fra1.digitaloceanspaces.com', 'http:// or https:// URL'],
    ['bucket', 'My Bucket', 'bucket name'],
    ['bucketSecretKey', 'with space', 'without white space'],
    ['acls', 'perhaps', 'yes or no'],
    ['root', 'public/system', 'absolute path'],
    ['root', '/mnt/a\nadmin: {}', 'without line breaks'],
    ['state', '/var/\u001b[2J', 'without line breaks'],
  ] as const)('do not take for %s: %s', (name, text, problem) => {
    const question = questions.find((question) => question.name === name);
    expect(question?.read(text)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it.each([
    ['https://s3.eu-west-1.amazonaws.com', 'eu-west-1', 'yes'],
    ['https://0a1b.r2.cloudflarestorage.com', 'auto', 'no'],
    ['https://s3.us-west-004.backblazeb2.com', 'us-west-004', 'no'],
    ['https://fra1.digitaloceanspaces.com', 'us-east-1', 'yes'],
  ])('know of %s its region, and whether it keeps ACLs', (endpoint, region, acls) => {
    const initial = (name: string) => questions.find((question) => question.name === name)?.initial?.({ endpoint });
    expect([initial('region'), initial('acls')]).toEqual([region, acls]);
  });
});
