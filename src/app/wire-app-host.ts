import type { FastifyInstance } from 'fastify';
import type { AppConfig } from '../config/app-schema.ts';
import { createAppServer } from '../http/app-server.ts';
import { youngGarbage } from '../lib/young-garbage.ts';
import type { ReadThrough } from '../media/read-through.ts';
import type { Context } from './context.ts';

/** The longest that WebSockets get to close when the program stops, in milliseconds. */
const farewellMs = 2000;
/** Bytes of bodies after which their dead buffers are collected. */
const collectEveryBytes = 16 * 1024 * 1024;

/** The app host, with the read path behind it. */
export function wireAppHost({ config, logger, report }: Context, app: AppConfig, reads: ReadThrough): FastifyInstance {
  const { access } = config.log;
  return createAppServer({
    app,
    read: config.read,
    reads,
    logger,
    farewellMs: Math.min(farewellMs, config.shutdown.drain),
    answered: access ? report.answered : report.counted,
    purged: report.purged,
    moved: youngGarbage(collectEveryBytes),
    passed: access ? report.passed : report.passedCounted,
    webSockets: report.webSockets,
  });
}
