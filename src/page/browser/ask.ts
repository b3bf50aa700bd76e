/** The operator's token: in memory, and where he wants it so until the tab is closed. Never in a URL, never in a cookie. */
const stored = 'upstairs-token';

let token = sessionStorage.getItem(stored) ?? '';

export function hasToken(): boolean {
  return token !== '';
}

export function useToken(text: string, keep: boolean): void {
  token = text;
  if (keep) sessionStorage.setItem(stored, text);
  else sessionStorage.removeItem(stored);
}

export function forgetToken(): void {
  useToken('', false);
}

/** Why nothing came of it, for people. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Asks with the token. `body`: an order. @throws Refused */
export async function ask<T>(path: string, body?: object): Promise<T> {
  if (!hasToken()) throw new Refused('NO_TOKEN', 'Not without the token: give it above, under “Orders”.');
  const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
  let answer: Response;
  try {
    answer = await fetch(path, { headers, ...(body && { method: 'POST', body: JSON.stringify(body) }) });
  } catch {
    throw new Refused(
      'NO_ANSWER',
      body
        ? 'Upstairs does not answer. It is not known whether it was ordered: see above how it stands.'
        : 'Upstairs does not answer.',
    );
  }
  const told: unknown = await answer.json().catch(() => undefined);
  if (answer.ok) return told as T;
  throw refusal(answer.status, told as { error?: { code: string; message: string; todo: string } } | undefined);
}

function refusal(
  status: number,
  told: { error?: { code: string; message: string; todo: string } } | undefined,
): Refused {
  const { code = 'UNKNOWN', message = `it answered ${status}`, todo = 'see its log' } = told?.error ?? {};
  if (code === 'TOKEN_WRONG')
    return new Refused(
      code,
      'Refused: this is not the token. It is admin.token of the configuration that serve runs with.',
    );
  return new Refused(code, `Refused: ${message}. To do: ${todo}.`);
}
