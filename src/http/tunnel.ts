import type { Socket } from 'node:net';
import { FrameRelay } from './frame-relay.ts';

/** How long an idle connection may be without a sign of life before the kernel asks for one, in milliseconds. */
const probeAfterMs = 60_000;

export interface TunnelEnds {
  /** Both have switched protocols, and what was read of them too far is given back (`unshift`). */
  readonly client: Socket;
  readonly upstream: Socket;
  /** How long what is still to be sent may take once one of them is gone, in milliseconds. */
  readonly lingerMs: number;
  /** Told once, when both are gone. */
  readonly closed: () => void;
}

/**
 * An open WebSocket. Bytes go through as they are: what the two agreed on (subprotocol, compression) is theirs, a slow one holds the other
 * back, and pings are answered by the one they are for. It may be idle for ever; Mastodon pings by itself.
 */
export class Tunnel {
  readonly #ends: TunnelEnds;
  readonly #down = new FrameRelay({ masked: false });
  readonly #up = new FrameRelay({ masked: true });

  constructor(ends: TunnelEnds) {
    this.#ends = ends;
    const { client, upstream, closed } = ends;
    let open = 2;
    for (const [socket, other, relay] of [
      [client, upstream, this.#up],
      [upstream, client, this.#down],
    ] as const) {
      socket.setTimeout(0);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, probeAfterMs);
      // What is wrong with it, its end says.
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#gone(other, relay);
        open -= 1;
        if (open === 0) closed();
      });
    }
    client.pipe(this.#up).pipe(upstream);
    upstream.pipe(this.#down).pipe(client);
    // One may have gone before it was listened to.
    if (client.destroyed) this.#gone(upstream, this.#up);
    if (upstream.destroyed) this.#gone(client, this.#down);
  }

  /** Tells both that the server goes away, and lets go of them by the deadline. */
  goAway(deadlineMs: number): void {
    this.#up.goAway();
    this.#down.goAway();
    for (const socket of [this.#ends.client, this.#ends.upstream]) {
      const timer = setTimeout(() => socket.destroy(), deadlineMs);
      socket.once('close', () => clearTimeout(timer));
    }
  }

  /** One end is gone: the other gets what is still on its way, and is closed. */
  #gone(other: Socket, relay: FrameRelay): void {
    relay.end();
    other.unpipe();
    other.resume();
    other.setTimeout(this.#ends.lingerMs, () => other.destroy());
  }
}
