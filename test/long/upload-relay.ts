import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { argv } from 'node:process';
import { BucketAddress } from '../../src/bucket/bucket-address.ts';
import { RequestSigner } from '../../src/bucket/request-signer.ts';
import { announced } from '../../src/gateway/payload.ts';
import { StoreGateway } from '../../src/gateway/store-gateway.ts';
import { verifiedBody } from '../../src/gateway/verified-body.ts';

/** A process of its own that hands uploads on to the store named on its command line, and answers how many bytes of memory each took. */
const gateway = new StoreGateway({
  address: new BucketAddress({ endpoint: argv[2] ?? '', name: 'media', keyPrefix: '', addressing: 'path' }),
  signer: new RequestSigner({ region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'testtest' } }),
  connections: 4,
  connectTimeoutMs: 1000,
  waitTimeoutMs: 1000,
  stallTimeoutMs: 10_000,
});

const kilobytes = (name: string) =>
  Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);

const server = createServer(async (request, response) => {
  // Sets the peak back to what is used now: proc(5), clear_refs.
  writeFileSync('/proc/self/clear_refs', '5');
  const before = kilobytes('VmRSS');
  const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const);
  const body = announced({ method: 'PUT', rawPath: '/', rawQuery: '', headers }, { kind: 'unsigned' });
  const answer = await gateway.send({
    method: 'PUT',
    key: 'large.bin',
    query: [],
    headers: {},
    body: { stream: verifiedBody(request, body), size: body.size },
    signal: new AbortController().signal,
    deadlineMs: 4000,
  });
  if (answer.kind === 'answered') answer.body.resume();
  const status = answer.kind === 'answered' ? answer.status : 503;
  response.writeHead(status).end(String((kilobytes('VmHWM') - before) * 1024));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
console.log((server.address() as AddressInfo).port);
