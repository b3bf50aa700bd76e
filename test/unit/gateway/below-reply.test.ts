import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { belowReply } from '../../../src/gateway/below-reply.ts';
import type { ByteRange } from '../../../src/lib/byte-range.ts';
import type { ObjectMeta } from '../../../src/lib/object-meta.ts';
import type { Found } from '../../../src/media/read-through.ts';

const content = 'a picture from the basement';
const size = content.length;
const etag = '"0123456789abcdef0123456789abcdef"';
const modified = 'Thu, 04 Mar 2021 05:06:07 GMT';
const usual: ObjectMeta = {
  size,
  mtimeMs: Date.parse(modified) + 500,
  headers: { 'content-type': 'image/jpeg', 'cache-control': 'public' },
  etag,
};

let released: number;
let opened: (ByteRange | undefined)[];
beforeEach(() => {
  released = 0;
  opened = [];
});

function found(meta = usual, open?: () => Promise<Readable>): Found {
  return {
    kind: 'found',
    tier: 'basement',
    collapsed: false,
    stored: false,
    body: {
      meta,
      bytes: undefined,
      open: async (range = { first: 0, last: meta.size - 1 }) => {
        opened.push(range);
        return open ? await open() : Readable.from([Buffer.from(content.slice(range.first, range.last + 1))]);
      },
      release: () => {
        released += 1;
      },
    },
  };
}

type Headers = Readonly<Record<string, string>>;
const get = (headers: Headers = {}, overrides: Headers = {}, meta = usual) =>
  belowReply(found(meta), { head: false, headers, overrides });
const head = (headers: Headers = {}, meta = usual) => belowReply(found(meta), { head: true, headers, overrides: {} });
const bytesOf = (reply: { body?: unknown }) => text(reply.body as Readable);

describe('an object that only a source has', () => {
  test('is answered with its headers and all of its bytes, and let go when they are through', async () => {
    const reply = await get();
    expect(reply).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'image/jpeg',
        'cache-control': 'public',
        'content-length': String(size),
        'last-modified': modified,
        'accept-ranges': 'bytes',
        etag,
      },
    });
    expect(released).toBe(0);
    expect(await bytesOf(reply)).toBe(content);
    expect(released).toBe(1);
  });

  test('is let go when the client leaves in the middle', async () => {
    const { body } = await get();
    const closed = new Promise((resolve) => (body as Readable).once('close', resolve));
    (body as Readable).destroy();
    await closed;
    expect(released).toBe(1);
  });

  test('is let go when it cannot be read', async () => {
    const open = () => Promise.reject(new Error('EIO'));
    const reading = belowReply(found(usual, open), { head: false, headers: {}, overrides: {} });
    await expect(reading).rejects.toThrow('EIO');
    expect(released).toBe(1);
  });

  test('has no entity tag while its content is not known', async () => {
    const { etag: _, ...unknown } = usual;
    expect((await get({}, {}, unknown)).headers).not.toHaveProperty('etag');
  });

  test('is answered as the URL asks for it', async () => {
    const overrides = { 'content-type': 'text/plain', 'content-disposition': 'attachment' };
    const { headers } = await get({}, overrides);
    expect(headers).toMatchObject({ ...overrides, 'cache-control': 'public', etag });
  });

  test('of no bytes is answered without reading anything', async () => {
    const reply = await get({}, {}, { ...usual, size: 0 });
    expect([reply.status, reply.headers?.['content-length'], reply.body]).toEqual([200, '0', undefined]);
    expect([opened, released]).toEqual([[], 1]);
  });
});

describe('a range of it', () => {
  test.each<[string, string, string]>([
    ['bytes=2-8', 'bytes 2-8/27', content.slice(2, 9)],
    ['bytes=20-', 'bytes 20-26/27', content.slice(20)],
    ['bytes=20-900', 'bytes 20-26/27', content.slice(20)],
    ['bytes=-3', 'bytes 24-26/27', content.slice(-3)],
  ])('%s is answered as %s', async (range, contentRange, bytes) => {
    const reply = await get({ range });
    const length = String(bytes.length);
    expect(reply).toMatchObject({ status: 206, headers: { 'content-range': contentRange, 'content-length': length } });
    expect(await bytesOf(reply)).toBe(bytes);
    expect(released).toBe(1);
  });

  test('of a HEAD is answered alike, as S3 does, and nothing is read', async () => {
    const reply = await head({ range: 'bytes=2-8' });
    expect(reply).toMatchObject({ status: 206, headers: { 'content-range': 'bytes 2-8/27', 'content-length': '7' } });
    expect([reply.body, opened, released]).toEqual([undefined, [], 1]);
  });

  test.each([get, head])('behind its end is refused', async (ask) => {
    await expect(ask({ range: 'bytes=27-' })).rejects.toMatchObject({ code: 'InvalidRange', status: 416 });
    expect([opened, released]).toEqual([[], 1]);
  });

  test.each(['bytes=1-2,4-5', 'bytes=5-2', 'chars=1-2', 'bytes=x'])('that is none is ignored: %s', async (range) => {
    expect((await get({ range })).status).toBe(200);
  });

  test('is used only of the object that If-Range names', async () => {
    expect((await get({ range: 'bytes=0-1', 'if-range': etag })).status).toBe(206);
    expect((await get({ range: 'bytes=0-1', 'if-range': '"other"' })).status).toBe(200);
    expect((await head({ range: 'bytes=0-1', 'if-range': '"other"' })).status).toBe(200);
  });

  test('has exactly the bytes that were announced, whatever was asked for', async () => {
    const number = fc.option(fc.nat(40), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(number, number, async (first, last) => {
        const range = `bytes=${first ?? ''}-${last ?? ''}`;
        const reply = await get({ range }).catch((error: { status: number }) => error);
        if ('headers' in reply) expect(String((await bytesOf(reply)).length)).toBe(reply.headers?.['content-length']);
        else expect(reply.status).toBe(416);
      }),
    );
  });
});

describe('a condition on it', () => {
  test.each<[Headers]>([
    [{ 'if-none-match': etag }],
    [{ 'if-none-match': `W/${etag}, "x"` }],
    [{ 'if-modified-since': modified }],
    [{ 'if-none-match': etag, range: 'bytes=0-1' }],
  ])('%j that says "unchanged" is answered without bytes', async (headers) => {
    for (const ask of [get, head]) {
      const reply = await ask(headers);
      expect([reply.status, reply.body, reply.headers?.etag]).toEqual([304, undefined, etag]);
    }
    expect([opened, released]).toEqual([[], 2]);
  });

  test.each<[Headers]>([[{ 'if-match': '"other"' }], [{ 'if-unmodified-since': 'Thu, 04 Mar 2021 05:06:06 GMT' }]])(
    '%j that is not met refuses it',
    async (headers) => {
      for (const ask of [get, head])
        await expect(ask(headers)).rejects.toMatchObject({ code: 'PreconditionFailed', status: 412 });
      expect([opened, released]).toEqual([[], 2]);
    },
  );
});
