import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import type { LookupFunction } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { makeCertificate } from './certificates.ts';
import { freePort } from './free-port.ts';
import { askHttps, type HttpsAnswer, type HttpsAsk, type HttpsServer, type Protocol } from './https-client.ts';
import { type Nginx, startNginx } from './nginx.ts';
import { nginxFile } from './nginx-files.ts';
import { clientKeys, clientRegion, type WriteWorld, type WriteWorldOptions, writeWorld } from './write-world.ts';

export const purgeSecret = 'a-secret-of-purges-0123456789';

/** The real config/nginx/upstairs.conf in real nginx, with TLS and HTTP/2, in front of the real program. */
export interface Fronted extends WriteWorld, HttpsServer {
  readonly nginx: Nginx;
  /** Port of plain HTTP. */
  readonly plainPort: number;
  ask(protocol: Protocol, ask: HttpsAsk): Promise<HttpsAnswer>;
  /** An S3 client that speaks TLS to the write host. */
  s3(): S3Client;
}

export interface FrontedOptions extends WriteWorldOptions {
  /** Ports of Mastodon's web and streaming servers, or of what stands before them. Default: nobody listens. */
  readonly web?: number;
  readonly streaming?: number;
  /** Put the program's own app host between nginx and Mastodon. */
  readonly appHost?: boolean;
  /** Last changes to the file. */
  readonly change?: (text: string) => string;
}

/** Names are those of the tests: files.test, app.test, s3.test. */
export async function upstairsBehindNginx(options: FrontedOptions = {}): Promise<Fronted> {
  const { web, streaming, appHost = false, change = (text) => text, config = {}, ...others } = options;
  const { atEnd = onTestFinished } = options;
  const read = { trustProxy: ['127.0.0.1'], purge: { secret: purgeSecret } };
  const appPort = await freePort();
  const app = {
    listen: `127.0.0.1:${appPort}`,
    hosts: ['app.test'],
    web: `http://127.0.0.1:${web}`,
    streaming: `http://127.0.0.1:${streaming}`,
    trustProxy: ['127.0.0.1'],
  };
  const sections = { read, ...(appHost && { app }), ...config };
  const inner = await writeWorld({ ...others, trustProxy: ['127.0.0.1'], config: sections });
  const certificate = makeCertificate(['files.test', 'app.test', 's3.test']);
  const plainPort = await freePort();
  const nowhere = await freePort();
  const words = (port: number) => ({
    'files.example.social': 'files.test',
    's3.example.social': 's3.test',
    'example.social': 'app.test',
    'listen 443 ': `listen 127.0.0.1:${port} `,
    'listen 80;': `listen 127.0.0.1:${plainPort};`,
    '127.0.0.1:8080': new URL(inner.upstairs.readUrl).host,
    '127.0.0.1:8081': new URL(inner.writeUrl).host,
    '127.0.0.1:3000': `127.0.0.1:${appHost ? appPort : (web ?? nowhere)}`,
    '127.0.0.1:4000': `127.0.0.1:${appHost ? appPort : (streaming ?? nowhere)}`,
  });
  const nginx = await startNginx((port) => change(nginxFile('upstairs.conf', certificate, words(port))));
  atEnd(() => nginx.stop());
  const server = { port: nginx.port, ca: readFileSync(certificate.ca, 'utf8') };
  return {
    ...inner,
    ...server,
    nginx,
    plainPort,
    ask: (protocol, ask) => askHttps(protocol, server, ask),
    s3() {
      const client = s3OverTls(server);
      atEnd(async () => client.destroy());
      return client;
    },
  };
}

function s3OverTls({ port, ca }: HttpsServer): S3Client {
  // Names are at 127.0.0.1, whatever they are.
  const lookup: LookupFunction = (_name, { all }, found) =>
    all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4);
  const { accessKey, secretKey } = clientKeys.mastodon;
  return new S3Client({
    endpoint: `https://s3.test:${port}`,
    region: clientRegion,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1,
    requestHandler: { requestTimeout: 20_000, httpsAgent: new Agent({ ca, keepAlive: true, lookup }) },
  });
}

/** Tells how an upload of this client said what its body is: the `x-amz-content-sha256` of each request. */
export function payloadHashes(client: S3Client): string[] {
  const seen: string[] = [];
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      seen.push(headers['x-amz-content-sha256'] ?? 'none');
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low', name: 'payloadHashes' },
  );
  return seen;
}
