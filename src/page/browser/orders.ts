import { ask, forgetToken, hasToken, useToken } from './ask.ts';
import { all, byId, say } from './elements.ts';

/** What the answer to an order has for people. */
interface Ordered {
  readonly run: 'running' | 'paused';
  readonly why: string;
}

/** Runs something that a button asks for, and says how it went in `place`. False: it was refused. */
export async function carryOut(
  place: string,
  what: () => Promise<string>,
  button?: HTMLButtonElement,
): Promise<boolean> {
  if (button) button.disabled = true;
  try {
    say(place, await what(), 'good');
    return true;
  } catch (error) {
    say(place, error instanceof Error ? error.message : String(error), 'bad');
    return false;
  } finally {
    if (button) button.disabled = false;
  }
}

/** The token, and orders to the backfill. `token`: told when there is one, or none any more. */
export function wireOrders(token: (given: boolean) => void): void {
  const scripted = all('[data-scripted]');
  if (scripted.length === 0) return;
  for (const part of scripted) part.hidden = false;
  wireToken(token);
  for (const button of all<HTMLButtonElement>('[data-order]'))
    button.addEventListener('click', () => {
      const order = button.dataset.order ?? '';
      void carryOut('order-said', async () => done(await ask<Ordered>(`/api/backfill/${order}`, {})), button);
    });
  byId('limit-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const limit = byId<HTMLInputElement>('limit').value.trim();
    void carryOut('order-said', async () => done(await ask<Ordered>('/api/backfill/limits', { limit })));
  });
}

function wireToken(token: (given: boolean) => void): void {
  const input = byId<HTMLInputElement>('token');
  const forget = byId<HTMLButtonElement>('token-forget');
  const known = (given: boolean) => {
    forget.hidden = !given;
    token(given);
  };
  byId('token-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    useToken(input.value.trim(), byId<HTMLInputElement>('token-keep').checked);
    const right = await carryOut('token-said', async () => {
      await ask('/api/hottest?limit=1');
      return 'This is the token. You may give orders and see keys.';
    });
    if (right) input.value = '';
    else forgetToken();
    known(right);
  });
  forget.addEventListener('click', () => {
    forgetToken();
    say('token-said', 'Forgotten.', 'calm');
    known(false);
    input.focus();
  });
  known(hasToken());
  if (hasToken()) say('token-said', 'The token of before is used.', 'calm');
}

function done({ run, why }: Ordered): string {
  return `Done. It is to ${run === 'running' ? 'run' : 'pause'} now: ${why}.`;
}
