import type { IncomingMessage } from 'node:http';
import { Hash } from '@smithy/hash-node';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';

interface SignAgain {
  dropHeader: string[];
  /** How far the signature's time is off, in milliseconds. */
  clockOffMs?: number;
  accessKey: string;
  secretKey: string;
}

/** The headers of a request without some of them, signed for `target` if the request was signed. */
export async function signAgain(
  request: IncomingMessage,
  target: string,
  { dropHeader, clockOffMs = 0, accessKey, secretKey }: SignAgain,
): Promise<Record<string, string>> {
  const drop = new Set([
    ...dropHeader.map((name) => name.toLowerCase()),
    'authorization',
    'x-amz-date',
    'connection',
    'expect',
  ]);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (!drop.has(name) && typeof value === 'string') headers[name] = value;
  }
  const { hostname, port, host } = new URL(target);
  headers.host = host;
  if (request.headers.authorization === undefined) return headers;

  const signer = new SignatureV4({
    service: 's3',
    region: 'us-east-1',
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    sha256: Hash.bind(null, 'sha256'),
    uriEscapePath: false, // S3 signs the path as it was sent
    applyChecksum: false, // x-amz-content-sha256 is there already
  });
  const url = new URL(request.url ?? '/', target);
  const query: Record<string, string[]> = {};
  for (const name of new Set(url.searchParams.keys())) query[name] = url.searchParams.getAll(name);
  const signed = await signer.sign(
    new HttpRequest({
      method: request.method ?? 'GET',
      protocol: 'http:',
      hostname,
      port: Number(port),
      path: url.pathname,
      query,
      headers,
    }),
    { signingDate: new Date(Date.now() + clockOffMs) },
  );
  return signed.headers;
}
