import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type ClientHttp2Stream, connect, constants, createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { finished, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { firstByte } from '../../../src/http/first-byte.ts';
import { Http2Response } from '../../../src/http/http2-response.ts';

/** An answer that nothing was written of yet, and the client's end of it. */
async function asked(): Promise<{ response: Http2Response; stream: ClientHttp2Stream }> {
  const server = createServer({ Http2ServerResponse: Http2Response }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => {
    session.destroy();
    server.close();
  });
  const stream = session.request({ ':path': '/' });
  stream.on('error', () => {});
  const [, response] = await once(server, 'request');
  return { response: response as Http2Response, stream };
}

async function left(how = constants.NGHTTP2_CANCEL): Promise<Http2Response> {
  const { response, stream } = await asked();
  stream.close(how);
  await once(response, 'close');
  return response;
}

describe('an answer over HTTP/2 whose reader has left', () => {
  test('says so to who asks it', async () => {
    const { response, stream } = await asked();
    expect([response.destroyed, response.closed, response.writableFinished]).toEqual([false, false, false]);
    stream.close(constants.NGHTTP2_CANCEL);
    await once(response, 'close');
    expect([response.destroyed, response.closed]).toEqual([true, true]);
    expect(response.writableFinished).toBe(false);
  });

  test('has no first byte waited for, and what would have been read is let go', async () => {
    const body = new Readable({ read() {} });
    const response = (await left()) as unknown as ServerResponse;
    await expect(firstByte(body, response)).rejects.toThrow('the reader left');
    expect(body.destroyed).toBe(true);
  });

  test('is over for whoever begins to wait for its end only then', async () => {
    const response = await left();
    const over = new Promise((resolve) => finished(response, () => resolve('over')));
    expect(await Promise.race([over, sleep(500)])).toBe('over');
  });

  test('takes no byte more, and throws at nobody', async () => {
    for (const how of [constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_CANCEL]) {
      const response = await left(how);
      response.writeContinue();
      const told = new Promise((resolve) => response.write('bytes', resolve));
      expect(await told).toBeInstanceOf(Error);
      expect(response.bytesTaken).toBe(0);
      response.writeHead(200).end('bytes');
    }
  });

  test('takes no byte more from the moment on in which its stream is reset, before anybody hears of it', async () => {
    for (const reset of [
      (stream: ServerHttp2Stream) => stream.close(0),
      (stream: ServerHttp2Stream) => stream.destroy(),
    ]) {
      const { response } = await asked();
      reset(response.stream);
      response.writeContinue();
      expect(response.write('bytes')).toBe(false);
      response.end();
    }
  });
});

test('an answer over HTTP/2 that was taken to its end is finished', async () => {
  const { response, stream } = await asked();
  response.end('bytes');
  stream.resume();
  await once(response, 'close');
  expect(response.writableFinished).toBe(true);
});

test('an answer over HTTP/2 is not cut at once where its stall may last for weeks', async () => {
  const { response, stream } = await asked();
  response.cutWhenStalled(24 * 86_400_000);
  response.write(Buffer.alloc(1_000_000));
  await once(stream, 'response');
  await sleep(20);
  expect(stream.closed).toBe(false);
  let bytes = 0;
  stream.on('data', (piece: Buffer) => (bytes += piece.length));
  response.end();
  await once(stream, 'end');
  expect([bytes, stream.rstCode]).toEqual([1_000_000, 0]);
});
