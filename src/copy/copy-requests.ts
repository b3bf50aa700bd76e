import type { SourceBody } from '../media/body.ts';

/** All that the front knows of the mover. */
export interface CopyRequests {
  /**
   * Asks for a copy of `key`; returns at once, and the request is durable moments later. `body`, where the bytes are in hand, is
   * taken over and released.
   */
  request(key: string, body?: SourceBody): void;
}
