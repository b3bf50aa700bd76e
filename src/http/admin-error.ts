import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';

/** Codes that stay, and the status of each. */
const statuses = {
  BAD_REQUEST: 400,
  TOKEN_WRONG: 401,
  TOKEN_NOT_CONFIGURED: 403,
  OTHER_ORIGIN: 403,
  KEY_CLOSED: 409,
  KEY_UNSETTLED: 409,
  OBJECT_EXISTS: 409,
  PHASE_FRONT: 409,
  TOO_LARGE: 413,
  NOT_JSON: 415,
  HOST_NOT_KNOWN: 421,
  INTERNAL: 500,
  KEY_BUSY: 503,
  TOO_MANY_PAGES: 503,
  BUCKET_UNAVAILABLE: 503,
} as const;

export type AdminErrorCode = keyof typeof statuses;

/** Why a request to the admin listener is refused, and what to do. It holds nothing of the request: that may be a secret. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly code: AdminErrorCode;
  readonly todo: string;

  constructor(code: AdminErrorCode, message: string, todo: string) {
    super(message);
    this.code = code;
    this.todo = todo;
  }

  get status(): number {
    return statuses[this.code];
  }
}

/** What came in, as the schema has it. Throws AdminError with `todo` where it is something else. */
export function parsed<T>(
  schema: z.ZodType<T>,
  value: unknown,
  todo = 'send a JSON object with the members that this path has, and no others',
): T {
  const result = schema.safeParse(value);
  if (!result.success) throw badRequest(result.error, todo);
  return result.data;
}

function badRequest(error: z.ZodError, todo: string): AdminError {
  const found = error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  return new AdminError('BAD_REQUEST', found.join('; '), todo);
}

/** Answers any error in the one form there is. `failed`: told of those that are ours. */
export function answerError(failed: (error: unknown) => void) {
  return async (error: unknown, _request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const told = error instanceof AdminError ? error : fromFastify(error);
    if (told.code === 'INTERNAL') failed(error);
    const { code, message, todo } = told;
    await reply.code(told.status).send({ error: { code, message, todo } });
  };
}

/** Its own messages may quote what came in. */
function fromFastify(error: unknown): AdminError {
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new AdminError('TOO_LARGE', 'the body is too large', 'send less at once');
  if (statusCode === 415) return notJson();
  if (statusCode !== undefined && statusCode < 500)
    return new AdminError(
      'BAD_REQUEST',
      'the body is no JSON that can be read',
      'send a JSON object, {} where there is nothing to say',
    );
  return new AdminError('INTERNAL', 'it could not be done', "see the program's log");
}

export function notJson(): AdminError {
  return new AdminError('NOT_JSON', 'the body is not said to be JSON', 'send content-type: application/json');
}
