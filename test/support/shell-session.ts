import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterDeath } from './after-death.ts';
import { scratch } from './scratch.ts';

/** A shell into which somebody types one block of commands after the other: directory and variables stay. */
export class ShellSession {
  readonly #shell: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #dir = scratch('shell');
  readonly #spare: () => void;
  #blocks = 0;

  constructor(options: { cwd: string; env: Record<string, string | undefined> }) {
    this.#shell = spawn('sh', ['-eu'], { ...options, detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
    // Whatever it started is in its process group.
    this.#spare = afterDeath('kill -KILL -- "-$1"', String(this.#shell.pid));
    this.#lines = createInterface({ input: this.#shell.stdout! })[Symbol.asyncIterator]();
  }

  /** Runs them to their end and gives what they printed. Throws when one fails. */
  async run(commands: string): Promise<string> {
    const output = await this.#type(commands, 'wait');
    if ((await this.#lines.next()).value === 'done') return readFileSync(output, 'utf8');
    throw new Error(`a command failed in:\n${commands}\nIt printed:\n${readFileSync(output, 'utf8')}`);
  }

  /** Starts one that goes on running. */
  async start(command: string): Promise<RunningCommand> {
    const output = await this.#type(`exec ${command}`, 'background');
    const { value: pid } = await this.#lines.next();
    return new RunningCommand(Number(pid), output);
  }

  async close(): Promise<void> {
    const exited = once(this.#shell, 'exit');
    this.#shell.stdin?.end();
    if (this.#shell.exitCode === null) await exited;
    try {
      process.kill(-(this.#shell.pid ?? 0), 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    this.#spare();
  }

  /** Nothing of what runs may read what is typed after it. */
  async #type(commands: string, how: 'wait' | 'background'): Promise<string> {
    this.#blocks += 1;
    const block = join(this.#dir, `${this.#blocks}.sh`);
    const output = join(this.#dir, `${this.#blocks}.out`);
    writeFileSync(block, commands);
    const run = `. ${block} </dev/null >${output} 2>&1`;
    const line = how === 'wait' ? `${run}; echo done\n` : `( ${run} ) & echo $!\n`;
    this.#shell.stdin?.write(line);
    return output;
  }
}

export class RunningCommand {
  readonly #pid: number;
  readonly #output: string;

  constructor(pid: number, output: string) {
    this.#pid = pid;
    this.#output = output;
  }

  printed(): string {
    return readFileSync(this.#output, 'utf8');
  }

  /** As Ctrl-C does. It is gone when the promise resolves. */
  async interrupt(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    process.kill(this.#pid, signal);
    while (this.#alive()) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** A zombie, which the shell has still to wait for, is gone. */
  #alive(): boolean {
    try {
      return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${this.#pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  }
}
