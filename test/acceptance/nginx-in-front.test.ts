import { once } from 'node:events';
import { request as sendHttp } from 'node:http';
import { request as sendHttps } from 'node:https';
import { Readable } from 'node:stream';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { Protocol } from '../support/https-client.ts';
import { needs } from '../support/left-out.ts';
import { jpeg, longAgo, mastodonKey, mp4 } from '../support/media-files.ts';
import { withSmallCache } from '../support/nginx-files.ts';
import { type Fronted, payloadHashes, purgeSecret, upstairsBehindNginx } from '../support/nginx-in-front.ts';
import { scratch } from '../support/scratch.ts';
import { amzDate, signInHeader, signInQuery } from '../support/sigv4.ts';
import { tierOf } from '../support/world.ts';
import { clientBucket, clientKeys, clientRegion } from '../support/write-world.ts';

const picture = mastodonKey(1, 'jpg');
const video = mastodonKey(2, 'mp4');
const oddName = 'site_uploads/files/ein Bild+ü%.jpg';
const files = {
  [picture]: jpeg(1, { bytes: 50_000 }),
  [video]: mp4(2, 3_000_000),
  [oddName]: jpeg(3, { bytes: 1000 }),
};
const protocols: Protocol[] = ['HTTP/1.1', 'HTTP/2'];
const absent = `/${mastodonKey(99, 'jpg')}`;

describe.skipIf(needs('ceph', 'nginx').skip)('behind nginx, which speaks TLS and HTTP/2', () => {
  const ends: (() => unknown)[] = [];
  let at: Fronted;
  beforeAll(async () => {
    at = await upstairsBehindNginx({
      files,
      config: { copy: { minAge: '0ms' }, cache: { maxObject: '1MiB' } },
      atEnd: (end) => ends.push(end),
    });
  });
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });
  const media = (protocol: Protocol, path: string, headers: Record<string, string> = {}, method = 'GET') =>
    at.ask(protocol, { host: 'files.test', path, headers, method });

  describe.each(protocols)('a reader over %s', (protocol) => {
    test('gets whole files, and exactly the ranges that are asked for', async () => {
      const bytes = files[video]!;
      const whole = await media(protocol, `/${video}`);
      expect([whole.status, whole.broken, whole.body.equals(bytes)]).toEqual([200, undefined, true]);
      const part = await media(protocol, `/${video}`, { range: 'bytes=1000000-1999999' });
      expect([part.status, part.headers['content-range']]).toEqual([206, `bytes 1000000-1999999/${bytes.length}`]);
      expect(part.body.equals(bytes.subarray(1_000_000, 2_000_000))).toBe(true);
      const end = await media(protocol, `/${video}`, { range: 'bytes=-10' });
      expect([end.status, end.body]).toEqual([206, Buffer.from(bytes.subarray(-10))]);
      const beyond = await media(protocol, `/${video}`, { range: `bytes=${bytes.length}-` });
      expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${bytes.length}`]);
    });

    test('gets 304 for what has not changed, and headers alone for HEAD', async () => {
      const { headers } = await media(protocol, `/${picture}`, {}, 'HEAD');
      const modified = String(headers['last-modified']);
      expect(headers['content-length']).toBe(String(files[picture]!.length));
      const since = await media(protocol, `/${picture}`, { 'if-modified-since': modified });
      expect([since.status, since.body.length]).toEqual([304, 0]);
      await eventually(async () => expect(await at.facts(picture)).toBeDefined(), { withinMs: 15_000 });
      const tagged = await eventually(async () => {
        const answer = await media(protocol, `/${picture}`);
        expect(answer.headers.etag).toBeDefined();
        return answer;
      });
      expect((await media(protocol, `/${picture}`, { 'if-none-match': String(tagged.headers.etag) })).status).toBe(304);
      expect((await media(protocol, `/${picture}`, { 'if-match': '"another"' })).status).toBe(412);
    });

    test('gets 404 for what is not there, and the same refusals as without nginx for paths that are odd', async () => {
      expect((await media(protocol, absent)).status).toBe(404);
      for (const path of [
        `//${picture}`,
        `/a/../${picture}`,
        `/./${picture}`,
        `/${picture.replace('/', '%2F')}`,
        '/a%00b.jpg',
        '/.git/config',
      ]) {
        const [through, straight] = [await media(protocol, path), await at.upstairs.get(path)];
        expect([path, through.status]).toEqual([path, straight.status]);
        expect(straight.status).toBeGreaterThanOrEqual(400);
      }
      const odd = await media(protocol, `/${oddName.split('/').map(encodeURIComponent).join('/')}`);
      expect([odd.status, odd.body.equals(files[oddName]!)]).toEqual([200, true]);
    });

    test('finds old links under /system/ of the app host', async () => {
      const answer = await at.ask(protocol, { host: 'app.test', path: `/system/${picture}` });
      expect([answer.status, answer.body.equals(files[picture]!)]).toEqual([200, true]);
    });

    test('is told in the log by his own address, whatever he says of it', async () => {
      const from = protocol === 'HTTP/2' ? '127.0.0.22' : '127.0.0.11';
      const lie = { 'x-forwarded-for': '203.0.113.66', 'x-real-ip': '203.0.113.66', forwarded: 'for=203.0.113.66' };
      await at.ask(protocol, {
        host: 'files.test',
        path: `/${picture}?${protocol[5]}`,
        headers: lie,
        from,
      });
      await eventually(() => expect(at.upstairs.logs.map(({ address }) => address)).toContain(from));
      expect(JSON.stringify(at.upstairs.logs)).not.toContain('203.0.113.66');
    });

    test('can open a link that is signed for the write host', async () => {
      const path = `/${clientBucket}/${picture}`;
      const wire = {
        method: 'GET',
        path,
        query: '',
        headers: [['host', `s3.test:${at.port}`]],
        body: Buffer.alloc(0),
      } as const;
      const { query } = signInQuery(
        wire,
        { ...clientKeys.mastodon, region: clientRegion, date: amzDate(new Date()) },
        '60',
      );
      const answer = await at.ask(protocol, { host: 's3.test', path: `${path}?${query}` });
      expect([answer.status, answer.body.equals(files[picture]!)]).toEqual([200, true]);
      expect(
        (
          await at.ask(protocol, {
            host: 's3.test',
            path: `${path}?${query.replace(/.$/, (last) => (last === '0' ? '1' : '0'))}`,
          })
        ).status,
      ).toBe(403);
    });
  });

  test('a download that was begun from the disk goes on from the bucket', async () => {
    const key = mastodonKey(2, 'mp4');
    const bytes = files[key]!;
    const first = await media('HTTP/2', `/${key}`, { range: 'bytes=0-999' });
    const validator = String(first.headers['last-modified']);
    expect(new Date(validator).getTime()).toBe(Math.floor(longAgo) * 1000);
    await eventually(async () => expect(await at.facts(key)).toBeDefined(), { withinMs: 15_000 });
    const rest = await eventually(async () => {
      const answer = await media('HTTP/2', `/${key}`, { range: 'bytes=1000-', 'if-range': validator });
      expect(tierOf(answer.headers)).toBe('bucket');
      return answer;
    });
    expect(rest.status).toBe(206);
    expect(Buffer.concat([first.body, rest.body]).equals(bytes)).toBe(true);
    const another = { range: 'bytes=1000-', 'if-range': new Date(0).toUTCString() };
    expect((await media('HTTP/2', `/${key}`, another)).status).toBe(200);
  });

  test('a purge by Mastodon arrives, and one without the secret is refused', async () => {
    const purge = (secret: string) => media('HTTP/1.1', `/${picture}`, { 'x-purge-secret': secret }, 'PURGE');
    expect([(await purge(purgeSecret)).status, (await purge('another-secret-that-is-long')).status]).toEqual([
      204, 403,
    ]);
  });

  test('plain HTTP is sent on to HTTPS', async () => {
    const answer = await askPlain(at.plainPort, '/a.jpg?b=c', { host: 'files.test' });
    expect(answer).toEqual({ status: 301, location: 'https://files.test/a.jpg?b=c' });
  });

  describe('an S3 client', () => {
    const large = Buffer.alloc(20 * 1024 * 1024, 'a body of twenty mebibytes; ');

    test('uploads 20 MiB whose payload is not signed, and readers see it', async () => {
      const s3 = at.s3();
      const hashes = payloadHashes(s3);
      const Key = mastodonKey(10, 'mp4');
      await s3.send(
        new PutObjectCommand({
          Bucket: clientBucket,
          Key,
          Body: Readable.from(pieces(large)),
          ContentLength: large.length,
          ContentType: 'video/mp4',
          ACL: 'public-read',
        }),
      );
      expect(hashes).toEqual(['UNSIGNED-PAYLOAD']);
      const seen = await media('HTTP/2', `/${Key}`);
      expect([seen.status, seen.headers['content-type'], seen.body.equals(large)]).toEqual([200, 'video/mp4', true]);
    });

    test('has its odd keys and headers arrive as they were signed', async () => {
      const s3 = at.s3();
      const Key = "site_uploads/files/a b+c&d=e;f,ü~(1)'!*.jpg";
      await s3.send(
        new PutObjectCommand({
          Bucket: clientBucket,
          Key,
          Body: Buffer.from('odd'),
          Metadata: { my_note: 'x', other: 'y' },
        }),
      );
      const got = await s3.send(new GetObjectCommand({ Bucket: clientBucket, Key }));
      // Ceph writes dashes for underlines.
      expect([
        await got.Body?.transformToString(),
        got.Metadata?.['my-note'] ?? got.Metadata?.my_note,
        got.Metadata?.other,
      ]).toEqual(['odd', 'x', 'y']);
    });

    test('has its body handed on while it comes in', async () => {
      const key = mastodonKey(11, 'mp4');
      const upload = put(at, { key, length: large.length, expect: false });
      upload.write(large.subarray(0, 4 * 1024 * 1024));
      // Half of it has not been sent yet.
      await eventually(() =>
        expect(at.store.seen.some(({ method, path }) => method === 'PUT' && path.endsWith(key))).toBe(true),
      );
      upload.end(large.subarray(4 * 1024 * 1024));
      expect((await once(upload, 'response'))[0].statusCode).toBe(200);
    });

    test('that waits to be asked for its body is asked', async () => {
      const upload = put(at, { key: mastodonKey(12, 'jpg'), length: 3, expect: true });
      upload.flushHeaders();
      await once(upload, 'continue');
      upload.end('abc');
      expect((await once(upload, 'response'))[0].statusCode).toBe(200);
    });

    test('with a wrong signature is told so, in the middle of 20 MiB', async () => {
      for (const _ of Array.from({ length: 5 })) {
        const upload = put(at, { key: mastodonKey(13, 'mp4'), length: large.length, expect: false, wrong: true });
        upload.on('error', () => {}); // it is refused before it has sent everything
        Readable.from(pieces(large)).pipe(upload);
        const [answer] = await once(upload, 'response');
        expect(answer.statusCode).toBe(403);
        answer.resume();
      }
    });
  });
});

describe.skipIf(needs('ceph', 'nginx', 'fuse').skip)('a disk that breaks off in the middle of a file', () => {
  test.each(protocols)('breaks the answer over %s too: it never ends as if it were whole', async (protocol) => {
    const faulty = [{ match: '*.mp4', op: 'read', after_bytes: 1_500_000, errno: 'EIO' }];
    const at = await upstairsBehindNginx({ files, faulty });
    const answer = await at.ask(protocol, { host: 'files.test', path: `/${video}` });
    expect([answer.status, answer.headers['content-length']]).toEqual([200, String(files[video]!.length)]);
    expect(answer.broken).toBeDefined();
    expect(answer.body.length).toBeLessThan(files[video]!.length);
    const alright = await at.ask(protocol, { host: 'files.test', path: `/${picture}` });
    expect([alright.status, alright.broken]).toEqual([200, undefined]);
  });
});

describe.skipIf(needs('ceph', 'nginx').skip)("nginx's small cache, when its comments are taken away", () => {
  test('answers pictures by itself, and leaves ranges, purges and what is missing to Upstairs', async () => {
    const dir = scratch('cache');
    const at = await upstairsBehindNginx({ files, change: (text) => withSmallCache(text, dir) });
    const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') =>
      (await at.ask('HTTP/2', { host: 'files.test', path, headers, method })).status;
    const reached = () => at.upstairs.metric('upstairs_request_duration_seconds_count');
    for (const expected of [200, 200, 200]) expect(await ask(`/${picture}`)).toBe(expected);
    expect(await reached()).toBe(1);
    for (const expected of [206, 206]) expect(await ask(`/${picture}`, { range: 'bytes=0-9' })).toBe(expected);
    expect(await reached()).toBe(3);
    for (const expected of [404, 404]) expect(await ask(absent)).toBe(expected);
    expect(await reached()).toBe(5);
    expect(await ask(`/${picture}`, { 'x-purge-secret': purgeSecret }, 'PURGE')).toBe(204);
  });
});

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

async function askPlain(port: number, path: string, headers: Record<string, string>) {
  const request = sendHttp({ host: '127.0.0.1', port, path, headers }).end();
  const [answer] = await once(request, 'response');
  answer.resume();
  return { status: answer.statusCode, location: answer.headers.location };
}

/** A PutObject whose body is still to be written. */
function put(
  at: Fronted,
  { key, length, expect: waits, wrong = false }: { key: string; length: number; expect: boolean; wrong?: boolean },
) {
  const date = amzDate(new Date());
  const path = `/${clientBucket}/${key}`;
  const host = `s3.test:${at.port}`;
  const { secretKey, accessKey } = clientKeys.mastodon;
  const head = signInHeader(
    {
      method: 'PUT',
      path,
      query: '',
      headers: [
        ['Host', host],
        ['X-Amz-Date', date],
        ['X-Amz-Content-Sha256', 'UNSIGNED-PAYLOAD'],
        ['Content-Length', String(length)],
        ...(waits ? ([['Expect', '100-continue']] as const) : []),
      ],
      body: Buffer.alloc(0),
    },
    { accessKey, secretKey: wrong ? `${secretKey}!` : secretKey, region: clientRegion, date, leaveOut: ['expect'] },
  );
  return sendHttps({
    ...{ host: '127.0.0.1', port: at.port, servername: 's3.test', ca: at.ca, method: 'PUT', path, agent: false },
    headers: head.headers.flat(),
  });
}
