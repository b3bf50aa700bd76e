import type { RawRequest } from '../../../src/gateway/raw-request.ts';

export const host = 's3.test';

/** A request as it comes over the wire. `extra`: headers, in order. A Host is added unless there is one among them. */
export function rawRequestOf(
  method: string,
  url: string,
  extra: readonly (readonly [string, string])[] = [],
): RawRequest {
  const at = url.indexOf('?');
  const hosts: readonly (readonly [string, string])[] = extra.some(([name]) => name === 'host') ? [] : [['host', host]];
  return {
    method,
    rawPath: at < 0 ? url : url.slice(0, at),
    rawQuery: at < 0 ? '' : url.slice(at + 1),
    headers: [...hosts, ...extra],
  };
}

/** The code of the S3 error that is thrown; undefined if none is. */
export function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return undefined;
}
