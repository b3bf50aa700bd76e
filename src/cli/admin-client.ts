import { isIPv6 } from 'node:net';
import type { Config } from '../config/schema.ts';
import { CommandError } from './command-error.ts';

/** How long the program may take to answer, in milliseconds. */
const patienceMs = 60_000;

/** A running `upstairs serve`, asked over its admin listener. */
export class AdminClient {
  readonly #origin: string;
  readonly #token: string | undefined;

  constructor({ admin }: Pick<Config, 'admin'>) {
    this.#origin = `http://${hostOf(admin.listen.host)}:${admin.listen.port}`;
    this.#token = admin.token;
  }

  /** @throws CommandError NOT_SERVING, REFUSED */
  get<T>(path: string): Promise<T> {
    return this.#ask<T>('GET', path);
  }

  /** @throws CommandError NOT_SERVING, REFUSED */
  post<T>(path: string, body: object): Promise<T> {
    return this.#ask<T>('POST', path, JSON.stringify(body));
  }

  async #ask<T>(method: string, path: string, body?: string): Promise<T> {
    const answer = await fetch(`${this.#origin}${path}`, {
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(patienceMs),
      headers: {
        ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
    }).catch((error: Error) => {
      throw this.#notServing((error.cause as { code?: string } | undefined)?.code ?? error.name, error);
    });
    const text = await answer.text();
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw this.#notServing('what answers there is something else', error as Error);
    }
    if (answer.ok) return value as T;
    const { message = `it answers ${answer.status}`, todo = 'see its log' } =
      (value as { error?: { message?: string; todo?: string } }).error ?? {};
    throw new CommandError('REFUSED', {
      found: `\`upstairs serve\` refuses: ${message}`,
      expected: 'an order that it takes',
      todo,
    });
  }

  #notServing(why: string, cause: Error): CommandError {
    return new CommandError(
      'NOT_SERVING',
      {
        found: `no \`upstairs serve\` answers at ${this.#origin} (${why})`,
        expected: 'a running `upstairs serve`, with the same admin.listen',
        todo: 'start it, or run this on its machine, with the configuration that it was started with',
      },
      { cause },
    );
  }
}

/** Who listens everywhere is asked here. */
function hostOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return isIPv6(host) ? `[${host}]` : host;
}
