import { type DestinationStream, pino } from 'pino';
import { within } from '../lib/within.ts';

/** Bytes of lines that wait until they are taken; what comes beyond is lost. */
const mostWaitingBytes = 4 * 1024 * 1024;
/** How often it is looked whether all were taken, in milliseconds. */
const lookMs = 10;

export interface LogSink extends DestinationStream {
  /** Whether every line is taken, within so many milliseconds. */
  taken(withinMs: number): Promise<boolean>;
}

let sink: LogSink | undefined;

/**
 * Standard output, for all that is logged. Whoever takes it (journald, a file) may hang with a disk, or have no room: nobody waits for a line
 * then, and it is tried again with the next one.
 */
export function logSink(): LogSink {
  sink ??= madeSink();
  return sink;
}

function madeSink(): LogSink {
  let waitingBytes = 0;
  const out = pino.destination({ dest: 1, sync: false, maxLength: mostWaitingBytes });
  // Where would it be told?
  out.on('error', () => undefined);
  out.on('write', (bytes: number) => {
    waitingBytes -= bytes;
  });
  out.on('drop', (line: string) => {
    waitingBytes -= Buffer.byteLength(line);
  });
  return {
    write(line: string) {
      waitingBytes += Buffer.byteLength(line);
      out.write(line);
    },
    async taken(withinMs: number) {
      let late = false;
      const all = async () => {
        while (waitingBytes > 0 && !late) await new Promise((resolve) => setTimeout(resolve, lookMs));
      };
      late = !(await within(all(), withinMs));
      return !late;
    },
  };
}
