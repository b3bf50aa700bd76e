/** One request, as a line of an access log tells it. */
export interface LogRequest {
  readonly method: string;
  /** The request target as it came, still percent-encoded. */
  readonly target: string;
  readonly status: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** Who asked, in the log's words; '' where it does not tell. */
  readonly address: string;
  /** The Host that was asked for, where the log tells it. */
  readonly host: string | undefined;
}

const requestLine = /^([A-Z]+) (\S+)(?: HTTP\/\d(?:\.\d)?)?$/;

/** Method and target of a request line (RFC 9112 §3); undefined for what is none: strangers send anything. */
export function requestOf(line: string): { readonly method: string; readonly target: string } | undefined {
  const match = requestLine.exec(line);
  return match ? { method: match[1]!, target: match[2]! } : undefined;
}
