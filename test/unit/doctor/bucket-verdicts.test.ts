import { describe, expect, test } from 'vitest';
import { contactVerdict } from '../../../src/doctor/bucket-contact.ts';
import { identityVerdict } from '../../../src/doctor/bucket-identity.ts';
import { bucketRights } from '../../../src/doctor/bucket-rights.ts';
import { bucketSample, sampleVerdict } from '../../../src/doctor/bucket-sample.ts';
import { bucketSettings } from '../../../src/doctor/bucket-settings.ts';
import { clockVerdict } from '../../../src/doctor/clock.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import type { Listed, StoreAnswer, StoreDoor } from '../../../src/doctor/store-door.ts';
import { unreachable } from '../../../src/doctor/unreachable.ts';

const answer = (status: number, code?: string, more: Partial<StoreAnswer> = {}): StoreAnswer => ({
  status,
  code,
  headers: {},
  text: '',
  ms: 1,
  ...more,
});

async function allOf(findings: AsyncIterable<Finding>): Promise<Finding[]> {
  const all: Finding[] = [];
  for await (const finding of findings) all.push(finding);
  return all;
}

describe('the first answer of a store', () => {
  const verdict = (given: StoreAnswer) => contactVerdict(given, { bucket: 'media', region: 'us-east-1' });

  test.each([
    [404, 'NoSuchKey', 'bucket.missing-key', true],
    [404, 'NoSuchBucket', 'bucket.exists', false],
    [403, 'InvalidAccessKeyId', 'bucket.access-key', false],
    [403, 'SignatureDoesNotMatch', 'bucket.secret-key', false],
    [403, 'RequestTimeTooSkewed', 'clock', false],
    [403, 'AccessDenied', 'bucket.missing-key', true],
    [400, 'AuthorizationHeaderMalformed', 'bucket.region', false],
    [301, 'PermanentRedirect', 'bucket.region', false],
    [307, 'TemporaryRedirect', 'bucket.region', false],
    [200, undefined, 'bucket.missing-key', false],
    [503, 'SlowDown', 'bucket.answer', false],
    [400, 'NobodyKnows', 'bucket.answer', false],
  ])('%i %s is %s', (status, code, check, usable) => {
    const { findings, usable: found } = verdict(answer(status, code));
    expect([findings.map((one) => one.check), found]).toEqual([[check], usable]);
    expect(findings[0]?.level).toBe(status === 404 && code === 'NoSuchKey' ? 'ok' : 'error');
  });

  test.each([
    ['a header', { headers: { 'x-amz-bucket-region': 'eu-north-1' } }],
    ['the text', { text: '<Error><Region>eu-north-1</Region></Error>' }],
    ['a sentence', { text: "the region 'us-east-1' is wrong; expecting 'eu-north-1'" }],
  ])('names the right region where %s tells it', (_, more) => {
    const [finding] = verdict(answer(301, 'PermanentRedirect', more)).findings;
    expect(finding?.todo).toContain('bucket.region: eu-north-1');
  });

  test('does not print a region that is no word', () => {
    const [finding] = verdict(answer(301, undefined, { headers: { 'x-amz-bucket-region': '\u001b[2J' } })).findings;
    expect(JSON.stringify(finding)).not.toContain('\\u001b');
  });
});

describe('the clock', () => {
  const at = Date.parse('2026-03-01T12:00:00Z');
  test.each([
    [0, 'ok'],
    [59_000, 'ok'],
    [-61_000, 'warning'],
    [61_000, 'warning'],
    [901_000, 'error'],
    [-901_000, 'error'],
  ])('%i ms off is %s', (offMs, level) => {
    expect(clockVerdict(new Date(at).toUTCString(), at + offMs).level).toBe(level);
  });

  test('a store without a Date header tells nothing', () => {
    expect(clockVerdict(undefined, at).level).toBe('ok');
    expect(clockVerdict('yesterday', at).level).toBe('ok');
  });
});

describe('the identity', () => {
  const ours = JSON.stringify({ ledger: 'ours' });
  const bound = { id: 'ours', bucket: 'media' };
  test.each([
    ['no ledger, no identity', undefined, undefined, 'ok'],
    ['no ledger, an identity', ours, undefined, 'error'],
    ['a new ledger, no identity', undefined, { id: 'ours', bucket: undefined }, 'ok'],
    ['a new ledger, that identity', ours, { id: 'ours', bucket: undefined }, 'ok'],
    ['a new ledger, another identity', ours, { id: 'new', bucket: undefined }, 'error'],
    ['bound, and its identity', ours, bound, 'ok'],
    ['bound, and none', undefined, bound, 'error'],
    ['bound, and another', JSON.stringify({ ledger: 'other' }), bound, 'error'],
    ['bound, and something else', 'no JSON', bound, 'error'],
    ['bound to another bucket', ours, { id: 'ours', bucket: 'another' }, 'error'],
  ])('%s', (_, text, own, level) => {
    expect(identityVerdict(text, own, 'media').level).toBe(level);
  });
});

describe('the sample of objects', () => {
  test('a few private ones are a warning, most of them an error', () => {
    expect(sampleVerdict(0, []).level).toBe('ok');
    expect(sampleVerdict(20, []).level).toBe('ok');
    expect(sampleVerdict(20, ['a']).level).toBe('warning');
    expect(sampleVerdict(20, Array.from({ length: 11 }, String)).level).toBe('error');
  });

  test('comes from all over a large bucket, and leaves out what is private on purpose', async () => {
    const keys = [
      'backups/1',
      ...[1, 2, 3, 4].flatMap((n) => Array.from({ length: 2000 }, (_, i) => `files/${n}/${i}`)),
    ];
    const asked: string[] = [];
    const door: StoreDoor = {
      ask: async ({ key }) => {
        asked.push(key ?? '');
        return answer(200);
      },
      list: async ({ prefix, delimiter }): Promise<Listed> => {
        const below = keys.filter((key) => key.startsWith(prefix)).sort();
        if (delimiter === undefined)
          return { keys: below.slice(0, 1000), prefixes: [], truncated: below.length > 1000 };
        const heads = below.map((key) => prefix + key.slice(prefix.length).replace(/(?<=\/).*/, ''));
        const names = [...new Set(heads)];
        return {
          keys: names.filter((name) => !name.endsWith('/')).slice(0, 1000),
          prefixes: names.filter((name) => name.endsWith('/')),
          truncated: false,
        };
      },
    };
    let seed = 1;
    const random = () => {
      seed = (seed * 48271) % 2147483647;
      return seed / 2147483647;
    };
    const isPublic = (key: string) => !key.startsWith('backups/');
    const finding = await bucketSample({ door, count: 40, acls: true, isPublic, random }, new AbortController().signal);
    expect(finding).toMatchObject({ level: 'ok', found: expect.stringContaining('40 objects') });
    expect(new Set(asked.map((key) => key.split('/')[1])).size).toBe(4);
    expect(asked.every(isPublic)).toBe(true);
  });
});

test('the sample of objects takes none for closed that was deleted while it was looked at', async () => {
  const status: Record<string, number> = { deleted: 404, closed: 403, busy: 429, down: 503, open: 200 };
  const door: StoreDoor = {
    ask: async ({ key = '' }) => answer(status[key] ?? 500),
    list: async () => ({ keys: Object.keys(status), prefixes: [], truncated: false }),
  };
  const options = { door, count: 20, isPublic: () => true, random: () => 0 };
  const never = new AbortController().signal;
  const found = expect.stringContaining('1 of 5 objects cannot be read by strangers, closed for one');
  const finding = await bucketSample({ ...options, acls: true }, never);
  expect(finding).toMatchObject({ level: 'warning', found, todo: expect.stringContaining('acl fix') });
  // Without ACLs there is nothing for `acl fix` to mend.
  const plain = await bucketSample({ ...options, acls: false }, never);
  expect(plain).toMatchObject({ found, todo: expect.stringMatching(/^a bucket policy/) });
});

test('what could not be deleted again is told in time, however many there are and although the store says nothing any more', async () => {
  let dead = false;
  const door: StoreDoor = {
    ask: async ({ method, query = [] }, signal) => {
      dead ||= query[0]?.[0] === 'acl';
      if (dead)
        return await new Promise((_, reject) => {
          signal.throwIfAborted();
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
      const there = { text: '{"upstairs":"check"}', headers: { 'x-amz-meta-mtime': '1' } };
      return answer(200, undefined, method === 'GET' ? there : {});
    },
    list: () => Promise.reject(new Error('not asked')),
  };
  const time = AbortSignal.timeout(100);
  const findings: Finding[] = [];
  const began = performance.now();
  const rights = bucketRights(
    { door, bucket: 'media', acls: true, reads: 'anonymous', key: '_upstairs/check-1' },
    time,
  );
  await expect(
    (async () => {
      for await (const finding of rights) findings.push(finding);
    })(),
  ).rejects.toThrow();
  // An area is given 5 s for it.
  expect(performance.now() - began).toBeLessThan(4900);
  expect(findings.at(-1)).toMatchObject({ check: 'bucket.left-behind', found: expect.stringContaining('-public') });
});

describe('rules by which a bucket throws things away', () => {
  const verdict = async (rule: string) => {
    const text = `<LifecycleConfiguration><Rule><Status>Enabled</Status>${rule}</Rule></LifecycleConfiguration>`;
    const door: StoreDoor = {
      ask: async ({ query }) => answer(query?.[0]?.[0] === 'lifecycle' ? 200 : 403, undefined, { text }),
      list: () => Promise.reject(new Error('not asked')),
    };
    const findings = await allOf(bucketSettings(door, 'media', new AbortController().signal));
    return findings.find(({ check }) => check === 'bucket.lifecycle');
  };

  test.each([
    ['<Expiration><Days>30</Days></Expiration>', 'delete objects'],
    ['<Expiration><Date>2030-01-01</Date></Expiration>', 'delete objects'],
    ['<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>', 'cannot be read at once'],
  ])('are told: %s', async (rule, found) => {
    expect(await verdict(rule)).toMatchObject({ level: 'warning', found: expect.stringContaining(found) });
  });

  test.each([
    '<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>',
    '<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>',
    '<Transition><Days>1</Days><StorageClass>STANDARD_IA</StorageClass></Transition>',
  ])('are no matter where media stay: %s', async (rule) => {
    expect(await verdict(rule)).toMatchObject({ level: 'ok' });
  });
});

test.each([
  [{ code: 'ENOTFOUND' }, 'does not resolve'],
  [{ code: 'ECONNREFUSED' }, 'nothing listens'],
  [{ code: 'UND_ERR_CONNECT_TIMEOUT' }, 'in time'],
  [new DOMException('late', 'TimeoutError'), 'in time (TimeoutError)'],
  [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'TLS'],
  [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'TLS'],
  [new AggregateError([{ code: 'ECONNREFUSED' }]), 'nothing listens'],
  [new Error('fetch failed', { cause: { code: 'EAI_AGAIN' } }), 'does not resolve'],
  [new Error('who knows'), 'not reached'],
])('a server that is not reached is told by why (%#)', (cause, words) => {
  expect(unreachable('bucket.reachable', 'host.test', 'bucket.endpoint', cause).found).toContain(words);
});
