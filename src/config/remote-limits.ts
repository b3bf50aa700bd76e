import { integer } from './scalars.ts';
import { duration } from './units.ts';

/** What a source on another machine may cost. A crossing of an ocean takes some 200 ms, a new TLS connection three of them. */
export function remoteLimits() {
  return {
    connections: integer({ most: 512 }).prefault(16).describe('Requests to it at once, bodies under way included'),
    maxWaiting: integer({ least: 0 }).prefault(256).describe('Requests that may wait; more are refused at once'),
    connectTimeout: duration().prefault('4s').describe('Time to connect, TLS included'),
    headersTimeout: duration()
      .prefault('8s')
      .describe('Time from request to response headers; a request waits no longer for its turn than both together'),
    bodyTimeout: duration().prefault('30s').describe('Time between two pieces of a response body'),
  };
}
