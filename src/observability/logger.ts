import { type Logger, pino } from 'pino';

const shape = {
  base: null,
  messageKey: 'message',
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label: string) => ({ level: label }) },
};

/** For the line a request: its fields are few and fixed, and none can hold a secret; redaction would cost a tenth of a cache hit. */
export function createAccessLogger(options: { level: string }): Logger {
  return pino({ ...shape, level: options.level });
}

/** JSON lines on standard output. What could carry a secret is cut out wherever it may turn up. */
export function createLogger(options: { level: string }): Logger {
  return pino({
    ...shape,
    level: options.level,
    redact: {
      paths: [
        '*.authorization',
        '*.headers',
        '*.secretKey',
        '*.accessKey',
        '*.secretAccessKey',
        '*.accessKeyId',
        '*.$response',
      ],
      censor: '[redacted]',
    },
    serializers: { error: errorFacts },
  });
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
