import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface SlowLink extends AsyncDisposable {
  readonly port: number;
  /** Bytes that came back over it so far. */
  readonly bytesBack: number;
  close(): Promise<void>;
}

export interface LinkOptions {
  /** Milliseconds that a byte is under way, each way. */
  readonly oneWayMs: number;
  /** Of the whole link, each way. */
  readonly bitsPerSecond: number;
}

/** What may be on its way before the sender has to wait, as in the buffers of a real line. */
const bufferBytes = 512 * 1024;
/** Some packets: smaller than what Node reads at once, or a first byte would wait for many others. */
const sliceBytes = 16 * 1024;

/** A long thin line to 127.0.0.1:`target`: all its connections share the width. Connecting takes no time. */
export async function slowLink(target: number, options: LinkOptions): Promise<SlowLink> {
  const sockets = new Set<Socket>();
  const there = new Line(options);
  const back = new Line(options);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const onward = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    for (const socket of [client, onward]) sockets.add(socket.once('close', () => sockets.delete(socket)));
    there.carry(client, onward);
    back.carry(onward, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    if (server.listening) await once(server, 'close');
  };
  return {
    port: (server.address() as AddressInfo).port,
    get bytesBack() {
      return back.bytes;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** One direction. */
class Line {
  bytes = 0;
  readonly #options: LinkOptions;
  /** When the last byte that was given to it has left, on the clock of `performance.now()`. */
  #freeAt = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #underWay: { readonly dueAt: number; readonly then: () => void }[] = [];

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  carry(from: Socket, to: Socket): void {
    let waiting = 0;
    from.on('data', (chunk: Buffer) => {
      for (let at = 0; at < chunk.length; at += sliceBytes) {
        const slice = chunk.subarray(at, at + sliceBytes);
        waiting += slice.length;
        this.#later(slice.length, () => {
          waiting -= slice.length;
          this.bytes += slice.length;
          if (waiting < bufferBytes) from.resume();
          to.write(slice);
        });
      }
      if (waiting >= bufferBytes) from.pause();
    });
    from.once('end', () => this.#later(0, () => to.end()));
    from.on('error', () => undefined);
    // An end is told in order; a break at once.
    from.once('close', (broken) => {
      if (broken || !from.readableEnded) to.destroy();
    });
  }

  /** In order: timers of their own could overtake each other. */
  #later(bytes: number, then: () => void): void {
    const { bitsPerSecond, oneWayMs } = this.#options;
    this.#freeAt = Math.max(performance.now(), this.#freeAt) + (bytes * 8 * 1000) / bitsPerSecond;
    this.#underWay.push({ dueAt: this.#freeAt + oneWayMs, then });
    this.#timer ??= this.#wait();
  }

  #wait(): NodeJS.Timeout | undefined {
    const [first] = this.#underWay;
    return first && setTimeout(() => this.#arrive(), Math.max(0, first.dueAt - performance.now()));
  }

  #arrive(): void {
    const left = this.#underWay.findIndex(({ dueAt }) => dueAt > performance.now());
    for (const { then } of this.#underWay.splice(0, left === -1 ? this.#underWay.length : left)) then();
    this.#timer = this.#wait();
  }
}
