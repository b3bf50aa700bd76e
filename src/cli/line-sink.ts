import { once } from 'node:events';
import { open, rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';

/** Lines that may be many: whoever writes waits while the other end is full. */
export interface LineSink {
  write(text: string): Promise<void>;
  /** All of it is written, and where it was to be a file it has its name from now on. */
  end(): Promise<void>;
  /** What was written is of no use. */
  discard(): Promise<void>;
}

/** Behind the name of a file that is not whole yet. */
const unfinished = '.new';

/**
 * Into a file, which has its name once it is whole; `-` is standard output. One that cannot be written is known before the work begins; later
 * errors are thrown by the next call.
 */
export async function lineSink(file: string): Promise<LineSink> {
  if (file === '-') return { ...onto(process.stdout), end: async () => undefined, discard: async () => undefined };
  // For this user only: it tells the names of private media.
  const stream = (await open(file + unfinished, 'w', 0o600)).createWriteStream();
  const { write, failed } = onto(stream);
  return {
    write,
    async end() {
      stream.end();
      await Promise.race([once(stream, 'close'), failed]);
      await rename(file + unfinished, file);
    },
    async discard() {
      stream.destroy();
      await rm(file + unfinished, { force: true });
    },
  };
}

function onto(stream: Writable): { write: LineSink['write']; failed: Promise<never> } {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  // Told to whoever writes next.
  failed.catch(() => undefined);
  stream.on('error', reject);
  const write = async (text: string) => {
    if (stream.errored) throw stream.errored;
    if (!stream.write(text)) await Promise.race([once(stream, 'drain'), failed]);
  };
  return { write, failed };
}
