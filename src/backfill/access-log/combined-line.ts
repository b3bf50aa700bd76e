import { parseLocalTime } from './local-time.ts';
import { type LogRequest, requestOf } from './log-request.ts';

// Nothing before the time can hold ` [time] "`: nginx writes `"` in the name of a user as \x22. Each pattern is tried at one place, so that
// no line takes longer than its length.
const before = /^(\S+) [^"]*?\[(\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] "/;
const after = /((?:[^"\\]|\\.)*)" (\d{3}) (?:\d+|-)(?= |$)/y;

/** A request that cannot be read as one, but the line can: `"\x16\x03\x01"`, `"-"`, `""`. */
export type CombinedLine = LogRequest | 'no-request';

/**
 * A line in nginx's and Apache's format `combined`, or `common`, whatever else follows it
 * (https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format). Undefined: it is none.
 */
export function parseCombined(line: string): CombinedLine | undefined {
  const start = before.exec(line);
  if (!start) return undefined;
  after.lastIndex = start[0].length;
  const rest = after.exec(line);
  const atMs = parseLocalTime(start[2]!);
  if (!rest || atMs === undefined) return undefined;
  const request = requestOf(unescaped(rest[1]!));
  if (!request) return 'no-request';
  return { ...request, status: Number(rest[2]), atMs, address: start[1]!, host: undefined };
}

/** nginx writes `"`, `\` and what does not print as `\xHH` (`escape=default`); Apache `"` and `\` with a backslash before them. */
function unescaped(text: string): string {
  return text.includes('\\')
    ? text.replace(/\\(?:x([0-9A-Fa-f]{2})|(.))/g, (_, hex: string | undefined, other: string | undefined) =>
        hex === undefined ? other! : String.fromCharCode(Number.parseInt(hex, 16)),
      )
    : text;
}
