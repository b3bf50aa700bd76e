import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { within } from '../lib/within.ts';

const run = promisify(execFile);
/** How long one message may take, in milliseconds. */
const tellMs = 5000;
/** Timers count in 31 bits of milliseconds: a longer one fires at once. */
const longestMs = 2 ** 31 - 1;

/** systemd, which started us and waits to hear of us. */
export interface ServiceManager {
  /** Resolves when it was told, or could not be told: that is no reason to stop. */
  tell(...states: string[]): Promise<void>;
  /** No watchdog any more. */
  close(): void;
}

export interface ServiceManagerOptions {
  /** Resolves while all is well; the watchdog hears of us only then, and only while the event loop turns. */
  readonly alive: () => Promise<void>;
  readonly failed: (error: unknown) => void;
}

/**
 * The protocol of sd_notify(3), when the environment has its variables; undefined: nobody waits. Node opens no datagram socket in the
 * file system, so each message is one run of systemd-notify(1), which comes with systemd: the unit needs `NotifyAccess=all`.
 */
export function serviceManager(
  env: Readonly<Record<string, string | undefined>>,
  { alive, failed }: ServiceManagerOptions,
): ServiceManager | undefined {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID, PATH } = env;
  if (!NOTIFY_SOCKET) return undefined;
  const tell = async (...states: string[]) => {
    try {
      await run('systemd-notify', states, { env: { NOTIFY_SOCKET, ...(PATH && { PATH }) }, timeout: tellMs });
    } catch (error) {
      failed(error);
    }
  };
  const expectedMs =
    WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === process.pid ? Number(WATCHDOG_USEC) / 1000 : 0;
  // sd_watchdog_enabled(3): twice as often as it is expected.
  const everyMs = Math.min(expectedMs / 2, longestMs);
  const watchdog = everyMs > 0 ? setInterval(() => void beat(everyMs), everyMs) : undefined;
  let beating = false;
  async function beat(deadlineMs: number): Promise<void> {
    if (beating) return;
    beating = true;
    try {
      if (await within(alive(), deadlineMs)) await tell('WATCHDOG=1');
    } catch (error) {
      failed(error);
    } finally {
      beating = false;
    }
  }
  return { tell, close: () => clearInterval(watchdog) };
}
