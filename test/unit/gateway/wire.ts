import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from '../../support/eventually.ts';

/** A client that says exactly what the test says, and hears every byte. */
export class Wire {
  /** Every byte that came back. */
  heard = '';
  closed = false;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.heard += text;
    });
    // Whether a server cuts or ends is told apart by what was heard.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
    });
  }

  static async to(port: number): Promise<Wire> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Wire(socket);
  }

  /** Head lines, and the body. */
  say(lines: readonly string[], body = ''): void {
    this.#socket.write(`${[...lines, '', ''].join('\r\n')}${body}`, 'latin1');
  }

  /** More of a body. */
  sayMore(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  /** Waits until this was heard. */
  async hears(pattern: RegExp): Promise<RegExpExecArray> {
    return await eventually(
      () => {
        const match = pattern.exec(this.heard);
        if (!match) throw new Error(`heard only: ${this.heard}`);
        return match;
      },
      { withinMs: 2000, everyMs: 2 },
    );
  }

  /** Waits until the server has closed; returns what was heard. */
  async ends(): Promise<string> {
    await eventually(() => this.closed, { withinMs: 2000, everyMs: 2 });
    return this.heard;
  }

  leave(): void {
    this.#socket.destroy();
  }
}

/** The statuses of all answers that were heard. */
export function statusesOf(heard: string): number[] {
  return [...heard.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
