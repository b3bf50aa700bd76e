import { type DestinationStream, type Logger, pino } from 'pino';
import { logSink } from './log-sink.ts';

const shape = {
  base: null,
  messageKey: 'message',
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label: string) => ({ level: label }) },
};

/** For the line a request: its fields are few and fixed, and none can hold a secret; redaction would cost a tenth of a cache hit. */
export function createAccessLogger(options: { level: string }): Logger {
  return pino({ ...shape, level: options.level }, logSink());
}

/** Names under which a secret may hang on something that is logged. */
const secrets = [
  'authorization',
  'headers',
  'secretKey',
  'accessKey',
  'secret',
  'token',
  'secretAccessKey',
  'accessKeyId',
  '$response',
];
/** As deep as the configuration has them: `config.write.keys[0].secretKey`. */
const depths = ['', '*.', '*.*.', '*.*.*.', '*.*.*.*.'];

/** JSON lines on standard output. What could carry a secret is cut out wherever it may turn up. */
export function createLogger(options: { level: string; to?: DestinationStream }): Logger {
  const settings = {
    ...shape,
    level: options.level,
    redact: {
      paths: secrets.flatMap((name) => depths.map((depth) => depth + name)),
      censor: '[redacted]',
    },
    serializers: { error: errorFacts },
  };
  return pino(settings, options.to ?? logSink());
}

/** An error's name, code, message and causes: no request or response that hangs on it, since these hold signatures. */
export function errorFacts(error: unknown): unknown {
  if (!(error instanceof Error)) return error === undefined ? undefined : String(error);
  const { name, message, stack, cause } = error;
  const { code } = error as { code?: unknown };
  return {
    name,
    message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(cause === undefined ? { stack } : { cause: errorFacts(cause) }),
  };
}
