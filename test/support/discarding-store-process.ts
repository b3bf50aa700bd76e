import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Larger objects are thrown away. */
const keptBytes = 1_000_000;

interface Stored {
  readonly bytes: number;
  /** Undefined: thrown away. */
  readonly content: Buffer | undefined;
}

const objects = new Map<string, Stored>();

async function store(request: IncomingMessage): Promise<Stored> {
  const kept: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= keptBytes) kept.push(chunk);
  });
  await once(request, 'end');
  return { bytes, content: bytes <= keptBytes ? Buffer.concat(kept) : undefined };
}

/** As much of S3 as the program asks at its start, and PutObject. Nobody's signature is looked at. */
const server = createServer(async (request, response) => {
  const { pathname: path, searchParams } = new URL(request.url ?? '/', 'http://store');
  if (searchParams.has('versioning')) return void response.end('<VersioningConfiguration/>');
  if (request.method === 'PUT') {
    if (request.headers['if-none-match'] === '*' && objects.has(path)) {
      request.resume();
      return void response.writeHead(412).end();
    }
    objects.set(path, await store(request));
    return void response.writeHead(200, { etag: '"0123456789abcdef0123456789abcdef"' }).end();
  }
  const object = objects.get(path);
  if (!object) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-length': object.bytes });
  if (request.method === 'GET') response.write(object.content ?? Buffer.alloc(0));
  response.end();
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
console.log((server.address() as AddressInfo).port);
