import { parseLocalTime } from './local-time.ts';
import { type LogRequest, requestOf } from './log-request.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Names under which logs have the fields: nginx's variables first (`escape=json`), then those of other servers. */
const names = {
  method: ['request_method', 'method'],
  target: ['request_uri', 'uri', 'url', 'path'],
  status: ['status', 'status_code'],
  time: ['time_iso8601', 'time_local', 'msec', '@timestamp', 'timestamp', 'time', 'ts'],
  address: ['remote_addr', 'client_ip', 'remote_ip', 'client', 'ip'],
  host: ['host', 'http_host', 'server_name', 'vhost'],
} as const;

/**
 * A JSON object as a line of a log. `request` is a request line, or an object with the request's fields in it (Caddy's). Undefined: it is
 * none, or has not what tells a request: method, target, status and time.
 */
export function parseJsonLine(line: string): LogRequest | 'no-request' | undefined {
  const outer = objectOf(line);
  if (outer === undefined) return undefined;
  const { request } = outer;
  const fields = isObject(request) ? { ...outer, ...request } : outer;
  const status = Number(textOf(fields, names.status));
  const atMs = timeOf(textOf(fields, names.time));
  if (!Number.isInteger(status) || atMs === undefined) return undefined;
  const asked = typeof request === 'string' ? requestOf(request) : apart(fields);
  if (!asked) return typeof request === 'string' ? 'no-request' : undefined;
  return { ...asked, status, atMs, address: textOf(fields, names.address) ?? '', host: textOf(fields, names.host) };
}

function apart(fields: Fields): { method: string; target: string } | undefined {
  const method = textOf(fields, names.method);
  const target = textOf(fields, names.target);
  return method === undefined || target === undefined ? undefined : { method, target };
}

/** The first of these fields that says something. */
function textOf(fields: Fields, among: readonly string[]): string | undefined {
  for (const name of among) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (typeof value === 'number') return String(value);
    if (typeof value === 'string' && value !== '' && value !== '-') return value;
  }
  return undefined;
}

/** Milliseconds since the epoch: from seconds with decimals, from milliseconds, or from text. */
function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,15}(\.\d+)?$/.test(text)) {
    const number = Number(text);
    // As seconds it would be some thousand years from now.
    return number >= 1e11 ? number : number * 1000;
  }
  const ms = parseLocalTime(text) ?? (/^\d{4}-\d{2}-\d{2}T/.test(text) ? Date.parse(text) : Number.NaN);
  return Number.isNaN(ms) ? undefined : ms;
}

function objectOf(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    // Not JSON: whoever reads the log counts such lines and tells of them.
    return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
