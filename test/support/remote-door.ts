import { RemoteDoor, type RemoteDoorOptions } from '../../src/sources/remote-door.ts';

/** A door with limits that no test meets unless it says so. */
export function doorTo(origin: string, change: Partial<RemoteDoorOptions> = {}): RemoteDoor {
  return new RemoteDoor({
    origin,
    connections: 16,
    maxWaiting: 100,
    connectTimeoutMs: 2000,
    headersTimeoutMs: 2000,
    bodyTimeoutMs: 2000,
    ...change,
  });
}
