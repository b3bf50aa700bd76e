import { parseCombined } from './combined-line.ts';
import { parseJsonLine } from './json-line.ts';
import type { LogRequest } from './log-request.ts';

/** A line of an access log, in any of the formats that are understood. Undefined: in none of them. */
export function parseLogLine(line: string): LogRequest | 'no-request' | undefined {
  return line.startsWith('{') ? parseJsonLine(line) : parseCombined(line);
}
