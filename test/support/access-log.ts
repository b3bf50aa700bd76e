import { readFile } from 'node:fs/promises';
import { eventually } from './eventually.ts';

/** A request that reached the gateway and was answered by it. */
export interface AccessLine {
  method: string;
  /** Decoded, without the query: `/bucket/key`. */
  path: string;
  query: URLSearchParams;
  status: number;
  /** Bytes of the answer, headers included. */
  bytes: number;
  range: string | undefined;
  userAgent: string;
}

// beast: 0x7f: 127.0.0.1 - test [22/Nov/2026:23:11:16.556 +0000] "GET /b/k?acl HTTP/1.1" 404 230 - "curl/7.88.1" - latency=…
const line = /beast: \S+: \S+ - \S* ?\[[^\]]+\] "(\S+) (\S+) HTTP\/[\d.]+" (\d+) (\d+) (\S+) "([^"]*)"/;
const markerPrefix = '/access-log-marker-';

/** The access lines of a RADOS Gateway's log, in the order of the answers. */
export function parseAccessLog(log: string): AccessLine[] {
  return log.split('\n').flatMap((text) => {
    const [, method = '', target = '', status, bytes, range, userAgent = ''] = line.exec(text) ?? [];
    if (method === '' || target.startsWith(markerPrefix)) return [];
    const [path = '', query = ''] = target.split('?', 2);
    return {
      method,
      path: decodeURIComponent(path),
      query: new URLSearchParams(query),
      status: Number(status),
      bytes: Number(bytes),
      range: range === '-' ? undefined : range,
      userAgent,
    };
  });
}

/**
 * Every request answered so far. The gateway writes its log a little later, so ask it for
 * something of our own first and read on until that is in the log. A gateway that is down or
 * hangs writes nothing any more: its log is read as it is.
 */
export async function readAccessLog(logFile: string, endpoint: string): Promise<AccessLine[]> {
  const marker = `${markerPrefix}${crypto.randomUUID()}`;
  const asked = await fetch(`${endpoint}${marker}`, { signal: AbortSignal.timeout(1000) }).then(
    async (answer) => (await answer.arrayBuffer()).byteLength >= 0,
    () => false,
  );
  return eventually(async () => {
    const log = await readFile(logFile, 'utf8');
    if (asked && !log.includes(`${marker} `)) throw new Error(`${logFile} does not tell of our own request`);
    return parseAccessLog(log);
  });
}
