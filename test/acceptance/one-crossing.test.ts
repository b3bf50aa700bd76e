import { setTimeout } from 'node:timers/promises';
import { request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { hostileServer } from '../support/hostile-web-server.ts';
import { needs } from '../support/left-out.ts';
import { mp4 } from '../support/media-files.ts';
import { world } from '../support/world.ts';

test.skipIf(needs('ceph').skip)(
  'readers of a part, readers who leave and readers of all of a film make one GET to a basement, and its copy none',
  async () => {
    const film = mp4(1, 3_000_000);
    const date = 'Last-Modified: Thu, 04 Mar 2021 05:06:07 GMT';
    await using basement = await hostileServer(async (socket, { method }) => {
      socket.write(`HTTP/1.1 200 OK\r\n${date}\r\nContent-Length: ${film.length}\r\n\r\n`);
      for (let at = 0; method === 'GET' && at < film.length; at += 300_000) {
        socket.write(film.subarray(at, at + 300_000));
        await setTimeout(100);
      }
    });
    const sources = [{ type: 'http', name: 'basement', url: `${basement.url}/` }];
    const atEnd = (end: () => Promise<unknown>) => onTestFinished(async () => void (await end()));
    const { upstairs, facts, puts } = await world({ files: {}, config: { sources }, atEnd });
    const read = async (range?: string) => {
      const { statusCode, body } = await request(`${upstairs.readUrl}/film.mp4`, {
        headers: { host: 'files.test', range },
      });
      return { status: statusCode, body: Buffer.from(await body.arrayBuffer()) };
    };
    const leaving = async () => {
      const { body } = await request(`${upstairs.readUrl}/film.mp4`, { headers: { host: 'files.test' } });
      for await (const _ of body) break;
    };
    const all = Array.from({ length: 10 }, () => read());
    const parts = Array.from({ length: 10 }, (_, n) => read(`bytes=${n * 1000}-${n * 1000 + 999}`));
    const left = Array.from({ length: 10 }, leaving);
    for (const { status, body } of await Promise.all(all)) expect([status, body.equals(film)]).toEqual([200, true]);
    for (const [n, { status, body }] of (await Promise.all(parts)).entries())
      expect([status, body.equals(film.subarray(n * 1000, n * 1000 + 1000))]).toEqual([206, true]);
    await Promise.all(left);
    await eventually(async () => expect(await facts('film.mp4')).toMatchObject({ size: film.length }));
    expect(await puts('film.mp4')).toEqual([200]);
    // That it did not change meanwhile is a HEAD.
    expect(basement.seen.map(({ method }) => method)).toEqual(['GET', 'HEAD']);
  },
);
