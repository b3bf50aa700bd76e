import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawResponse {
  status: number;
  /** Names in lower case; a repeated header is joined with commas. */
  headers: Map<string, string>;
  body: Buffer;
  /** Head and body as they came. */
  raw: Buffer;
}

/** The server closed before there was a whole answer. */
export class ClosedError extends Error {
  override readonly name = 'ClosedError';
}

/**
 * A keep-alive connection to 127.0.0.1 on which anything at all can be sent, one request after the other. It connects
 * when it must, and again after the server has closed; `connections` counts how often.
 */
export class RawConnection {
  readonly #port: number;
  readonly #timeoutMs: number;
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};
  connections = 0;

  constructor(port: number, { timeoutMs = 5000 } = {}) {
    this.#port = port;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Sends bytes (a text: one character a byte) and waits for one answer. `hasBody`: false for HEAD. What a server closed
   * while it was idle is not held against it: then the bytes are sent once more, on a fresh connection (RFC 9112 §9.3.1).
   * Throws `ClosedError`, or an error that says that nothing came in time.
   */
  async send(bytes: string | Buffer, { hasBody = true } = {}): Promise<RawResponse> {
    const reused = this.#socket !== undefined;
    try {
      return await this.#once(bytes, hasBody);
    } catch (error) {
      if (!reused || !(error instanceof ClosedError) || this.#received.length > 0) throw error;
      return await this.#once(bytes, hasBody);
    }
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #once(bytes: string | Buffer, hasBody: boolean): Promise<RawResponse> {
    const socket = await this.#connected();
    if (this.#received.length > 0) throw new Error(`${this.#received.length} bytes that belong to no answer`);
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    const deadline = Date.now() + this.#timeoutMs;
    for (;;) {
      const answer = parse(this.#received, hasBody);
      if (answer) {
        const more = this.#received.length - answer.raw.length;
        this.#received = Buffer.alloc(0);
        // Who could not read a request does not know either that it was a HEAD, and closes after its body.
        const last = answer.headers.get('connection') === 'close' || (!hasBody && [400, 431].includes(answer.status));
        if (more > 0 && !last) throw new Error(`${more} bytes that belong to no answer`);
        if (last) this.close();
        return answer;
      }
      if (this.#socket !== socket) throw new ClosedError(`closed after ${this.#received.length} bytes`);
      const left = deadline - Date.now();
      if (left <= 0) {
        this.close();
        throw new Error(`no whole answer within ${this.#timeoutMs} ms, only ${this.#received.length} bytes`);
      }
      await this.#more(left);
    }
  }

  async #connected(): Promise<Socket> {
    if (this.#socket) return this.#socket;
    const socket = connect(this.#port, '127.0.0.1');
    socket.setNoDelay(true);
    await once(socket, 'connect');
    this.connections += 1;
    this.#received = Buffer.alloc(0);
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      if (this.#socket !== socket) return;
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    const ended = () => {
      socket.destroy();
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#wake();
    };
    // A reset is a way of closing; what came before it still counts.
    socket.on('error', ended).on('end', ended).on('close', ended);
    return socket;
  }

  #more(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The answer at the start of `bytes`; undefined while it is not all there. Only Content-Length ends a body here. */
function parse(bytes: Buffer, hasBody: boolean): RawResponse | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3})(?: |$)/.exec(first)?.[1];
  if (status === undefined) throw new Error(`not an HTTP/1.1 answer: ${JSON.stringify(first)}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
  }
  if (headers.has('transfer-encoding')) throw new Error('an answer of unknown length');
  const bodiless = !hasBody || status === '204' || status === '304' || status.startsWith('1');
  const length = bodiless ? 0 : Number(headers.get('content-length') ?? Number.NaN);
  if (Number.isNaN(length)) throw new Error(`an answer without Content-Length: ${first}`);
  const total = end + 4 + length;
  if (bytes.length < total) return undefined;
  return { status: Number(status), headers, body: bytes.subarray(end + 4, total), raw: bytes.subarray(0, total) };
}
