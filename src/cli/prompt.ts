import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { brokenOff } from './command-error.ts';

/**
 * Asks questions on the terminal, or takes the lines of a pipe for answers. The questions go to standard error: what a command has to say
 * stays on standard output. `close` it, or the process does not end.
 */
export class Prompt {
  readonly #interface: Interface;
  readonly #lines: AsyncIterator<string>;
  #silent = false;

  constructor() {
    // What is typed is echoed by readline, not by the terminal: it can be kept from being seen here.
    const output = new Writable({
      write: (chunk, _encoding, done) => {
        if (!this.#silent) process.stderr.write(chunk);
        done();
      },
    });
    const terminal = process.stdin.isTTY === true;
    this.#interface = createInterface({ input: process.stdin, output, terminal });
    // Lines that come before they are asked for are kept; `question` would lose them.
    this.#lines = this.#interface[Symbol.asyncIterator]();
  }

  /**
   * The answer, without white space around it; empty where only Enter was pressed.
   * @throws CommandError BROKEN_OFF when there are no more lines
   */
  async ask(text: string, { silent = false }: { silent?: boolean } = {}): Promise<string> {
    this.#interface.setPrompt(text);
    this.#interface.prompt();
    this.#silent = silent;
    const line = await this.#lines.next();
    this.#silent = false;
    if (silent || !process.stdin.isTTY) process.stderr.write('\n');
    if (line.done === true)
      throw brokenOff('nothing was written', 'run it again; what is known can be given as options');
    return line.value.trim();
  }

  close(): void {
    this.#interface.close();
  }
}
