import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { execPath } from 'node:process';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const piece = Buffer.alloc(1024 * 1024, 'upstairs');
const pieces = 2048;
const size = pieces * piece.length;

test('an upload of 2 GB to a store that throws it away takes less than 100 MB more memory', async () => {
  const hash = createHash('md5');
  for (let n = 0; n < pieces; n++) hash.update(piece);
  const md5 = hash.digest('base64');

  let stored = 0;
  const store = createServer((incoming, response) => {
    incoming.on('data', (chunk: Buffer) => {
      stored += chunk.length;
    });
    incoming.on('end', () => response.end());
  });
  store.listen(0, '127.0.0.1');
  await once(store, 'listening');
  onTestFinished(() => void store.close().closeAllConnections());

  const { port } = store.address() as AddressInfo;
  const script = fileURLToPath(new URL('upload-relay.ts', import.meta.url));
  const relay = spawn(execPath, [script, `http://127.0.0.1:${port}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void relay.kill('SIGKILL'));
  const [relayPort] = await once(relay.stdout, 'data');

  const upload = request({
    host: '127.0.0.1',
    port: Number(relayPort),
    method: 'PUT',
    headers: { 'content-length': size, 'content-md5': md5 },
  });
  const answered = once(upload, 'response');
  const source = Readable.from(
    (function* () {
      for (let n = 0; n < pieces; n++) yield piece;
    })(),
    { highWaterMark: 1 },
  );
  await pipeline(source, upload);
  const [answer] = (await answered) as [IncomingMessage];
  const more = Number(await text(answer));
  console.log(`2 GB took ${Math.round(more / 1e6)} MB more memory`);
  expect(answer.statusCode).toBe(200);
  expect(stored).toBe(size);
  expect(more).toBeLessThan(100e6);
});
