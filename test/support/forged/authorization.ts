import { withHeader } from '../forge.ts';
import type { WireRequest } from '../sigv4.ts';

/** Changes what stands in the Authorization header. */
export function authorization(change: (value: string) => string): (request: WireRequest) => WireRequest {
  return (request) => withHeader('Authorization', change(headerOf(request, 'Authorization')))(request);
}

/** The value of a header, by the name with which it was sent. */
export function headerOf({ headers }: WireRequest, wanted: string): string {
  return headers.find(([name]) => name === wanted)?.[1] ?? '';
}
