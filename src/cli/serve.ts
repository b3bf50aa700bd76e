import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { retiredIn } from '../app/wire-proof.ts';
import { type App, startApp } from '../app.ts';
import { configFingerprint } from '../config/fingerprint.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { operationsOf } from '../config/sources-schema.ts';
import { logSink } from '../observability/log-sink.ts';
import { createLogger } from '../observability/logger.ts';
import { Metrics } from '../observability/metrics.ts';
import { CommandError } from './command-error.ts';
import { type ExitName, exitCodes } from './exit-codes.ts';
import { scanSources, scanThreads } from './scan-program.ts';
import { serviceManager } from './service-manager.ts';
import { lockState } from './state-lock.ts';
import { version } from './version.ts';

/** Threads of libuv's pool beside those that disks may hold: for state, spool, DNS. */
const spareThreads = 16;
/** How long descriptors on the disks may take to close at the end, in milliseconds. */
const closingMs = 1000;
/** How long the log's last lines may take until they are taken, in milliseconds. */
const lastLinesMs = 500;
/** How long reads that are under way may take when it is to end at once, in milliseconds. */
const insistedMs = 300;

/** libuv's pool has four threads unless told otherwise before the first is used; hung disk reads would take them all. */
export function threadsNeeded(config: Config): number {
  return config.sources.reduce((sum, source) => sum + operationsOf(source), spareThreads);
}

/**
 * `upstairs serve`: runs until SIGTERM or SIGINT. A second signal ends it at once. `acceptLoss` names the bucket that a new state may take
 * over from another ledger.
 * @throws CommandError STATE_IN_USE, STATE_UNUSABLE, WRONG_BUCKET
 */
export async function serve(options: { config: string; acceptLoss?: string }): Promise<void> {
  const { config, warnings } = loadConfig(options.config, {
    env: process.env,
    retired: (dir) => retiredIn(join(dir, 'ledger.db')),
  });
  const acceptLoss = acceptsLoss(config, options.acceptLoss);
  const threads = threadsNeeded(config);
  if (!(Number(process.env.UV_THREADPOOL_SIZE) >= threads)) restartWith({ UV_THREADPOOL_SIZE: String(threads) });

  const logger = createLogger({ level: config.log.level });
  for (const warning of warnings) logger.warn({ event: 'config' }, warning);
  const fingerprint = configFingerprint(config);
  const metrics = new Metrics({ version, node: process.version, configFingerprint: fingerprint, phase: config.phase });
  logger.info({ event: 'starting', version, node: process.version, fingerprint, phase: config.phase }, 'starting');
  const lock = lockState(config.state.dir);
  const app = await startApp(config, logger, metrics, {
    acceptLoss,
    scanProgram: {
      program: scanSources,
      config: options.config,
      threads: scanThreads(config.sources),
      env: process.env,
    },
  });
  logger.info({ event: 'ready', ...app.ports }, 'ready');
  const manager = serviceManager(process.env, {
    alive: () => app.stateAnswers(),
    failed: (error) => logger.warn({ event: 'systemd', error }, 'systemd could not be told'),
  });
  const signalled = firstSignal(() => void exit(app, 'failed', insistedMs));
  await manager?.tell('READY=1', 'STATUS=Serving');

  const signal = await signalled;
  logger.info({ event: 'stopping', signal }, 'stopping');
  const told = manager?.tell('STOPPING=1', 'STATUS=Letting answers and copies under way end');
  await app.stop();
  await told;
  manager?.close();
  // Not left to the end of the process: a hung disk can delay that for ever, and the next one must not wait for it.
  lock.release();
  logger.info({ event: 'stopped' }, 'stopped');
  await exit(app, 'done', closingMs);
}

/** A loss is accepted by name, so that a command out of the history does not accept it for another bucket. */
function acceptsLoss({ bucket }: Config, named: string | undefined): boolean {
  if (named !== undefined && named !== bucket.name)
    throw new CommandError('WRONG_BUCKET', {
      found: `--accept-loss names the bucket ${named}, and bucket.name is ${bucket.name}`,
      expected: 'the bucket whose earlier state is lost, by its name',
      todo: 'see which of the two is meant, and leave --accept-loss out where nothing is lost',
    });
  return named !== undefined;
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

/**
 * A disk that hangs holds a thread, and `process.exit` would wait for it for ever. One that only works is caught between two reads: it is
 * looked in every turn of the event loop. Whoever takes the log may hang too, and hold a thread with a line.
 */
async function exit(app: Pick<App, 'pendingDiskOperations'>, how: ExitName, patienceMs: number): Promise<void> {
  const end = performance.now() + patienceMs;
  while (app.pendingDiskOperations() > 0 && performance.now() < end) await setImmediate();
  const logged = await logSink().taken(lastLinesMs);
  if (!logged || app.pendingDiskOperations() > 0) process.kill(process.pid, 'SIGKILL');
  process.exit(exitCodes[how].code);
}
