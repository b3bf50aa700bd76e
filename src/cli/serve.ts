import { setTimeout } from 'node:timers/promises';
import { startApp } from '../app.ts';
import { configFingerprint } from '../config/fingerprint.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { createLogger } from '../observability/logger.ts';
import { Metrics } from '../observability/metrics.ts';
import { version } from './version.ts';

/** Threads of libuv's pool beside those that disks may hold: for state, spool, DNS. */
const spareThreads = 16;
/** How long descriptors on the disks may take to close at the end, in milliseconds. */
const closingMs = 1000;

/** libuv's pool has four threads unless told otherwise before the first is used; hung disk reads would take them all. */
export function threadsNeeded(config: Config): number {
  return config.sources.reduce((sum, source) => sum + source.maxOutstanding, spareThreads);
}

/** `upstairs serve`: runs until SIGTERM or SIGINT. A second signal ends it at once. */
export async function serve(options: { config: string }): Promise<void> {
  const { config, warnings } = loadConfig(options.config, { env: process.env });
  const threads = threadsNeeded(config);
  if (!(Number(process.env.UV_THREADPOOL_SIZE) >= threads)) restartWith({ UV_THREADPOOL_SIZE: String(threads) });

  const logger = createLogger({ level: config.log.level });
  for (const warning of warnings) logger.warn({ event: 'config' }, warning);
  const fingerprint = configFingerprint(config);
  const metrics = new Metrics({ version, node: process.version, configFingerprint: fingerprint, phase: config.phase });
  logger.info({ event: 'starting', version, node: process.version, fingerprint, phase: config.phase }, 'starting');
  const app = await startApp(config, logger, metrics);
  logger.info({ event: 'ready', ...app.ports }, 'ready');

  const signal = await firstSignal(() => exit(app.pendingDiskOperations(), 1));
  logger.info({ event: 'stopping', signal }, 'stopping');
  await app.stop();
  logger.info({ event: 'stopped' }, 'stopped');
  const end = performance.now() + closingMs;
  while (app.pendingDiskOperations() > 0 && performance.now() < end) await setTimeout(10);
  exit(app.pendingDiskOperations(), 0);
}

/** The same process, started again with another environment. */
function restartWith(changes: Record<string, string>): void {
  if (!process.execve) throw new Error(`set UV_THREADPOOL_SIZE=${changes.UV_THREADPOOL_SIZE} before the start`);
  process.execve(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    ...process.env,
    ...changes,
  });
}

function firstSignal(second: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let seen = false;
    const on = (signal: NodeJS.Signals) => {
      if (seen) second();
      seen = true;
      resolve(signal);
    };
    process.on('SIGTERM', on);
    process.on('SIGINT', on);
  });
}

/** A disk that hangs holds a thread, and `process.exit` would wait for it for ever. */
function exit(pendingDiskOperations: number, code: number): void {
  if (pendingDiskOperations > 0) process.kill(process.pid, 'SIGKILL');
  process.exit(code);
}
