import type { Failure } from '../../ledger/failures.ts';
import type { HotKey } from '../../status/hottest-below.ts';
import { ask, hasToken } from './ask.ts';
import { all, byId, element, say } from './elements.ts';
import { carryOut } from './orders.ts';

/** What JSON makes of a failure. */
type ToldFailure = Omit<Failure, 'file'> & { readonly file?: { readonly source: string; readonly size: number } };

const pageSize = 20;
const hottest = 10;
/** How often the hottest are asked for while somebody looks, in milliseconds. */
const hottestEveryMs = 30_000;

let next: string | undefined;
let given = false;

/** The lists of keys: what could not be copied, and the hottest that are still below. */
export function wireKeys(): void {
  byId('failures-show').addEventListener('click', () => void showFailures());
  byId('failures-more').addEventListener('click', () => void showFailures(next));
  byId('failures-retry').addEventListener('click', ({ currentTarget }) => {
    const reason = reasonChosen();
    void retry(reason === '' ? {} : { reason }, currentTarget as HTMLButtonElement);
  });
  window.setInterval(() => {
    if (given && !document.hidden) void showHottest();
  }, hottestEveryMs);
}

/** Whether there is a token with which keys may be seen. */
export function keysAllowed(allowed: boolean): void {
  given = allowed;
  for (const place of all('[data-keys]')) place.hidden = !allowed;
  for (const place of all('[data-keyless]')) place.hidden = allowed;
  if (allowed) {
    void showFailures();
    void showHottest();
    return;
  }
  // What only the token shows goes with it.
  for (const id of ['failures-keys', 'hottest-keys']) byId(id).replaceChildren();
  for (const id of ['failures-said', 'hottest-said']) say(id, '', 'calm');
  byId('failures-more').hidden = true;
}

function reasonChosen(): string {
  return byId<HTMLSelectElement>('failures-reason').value;
}

async function showFailures(after?: string): Promise<void> {
  const list = byId('failures-keys');
  await carryOut('failures-said', async () => {
    const reason = reasonChosen();
    const query = new URLSearchParams({ limit: String(pageSize), ...(reason && { reason }), ...(after && { after }) });
    const page = await ask<{ counts?: { reason: string }[]; failures: ToldFailure[]; next?: string }>(
      `/api/failures?${query}`,
    );
    // It was forgotten meanwhile.
    if (!hasToken()) return '';
    if (page.counts) offerReasons(page.counts.map((count) => count.reason));
    if (after === undefined) list.replaceChildren();
    list.append(...page.failures.map(failureItem));
    next = page.next;
    byId('failures-more').hidden = next === undefined;
    return list.children.length === 0
      ? 'There are none.'
      : `${list.children.length} shown${next ? ', there are more' : ''}.`;
  });
}

function offerReasons(reasons: readonly string[]): void {
  const select = byId<HTMLSelectElement>('failures-reason');
  const known = new Set([...select.options].map(({ value }) => value));
  for (const reason of new Set(reasons)) if (!known.has(reason)) select.append(new Option(reason, reason));
}

function failureItem({ key, reason, detail, tries, nextTryMs }: ToldFailure): HTMLLIElement {
  const item = element('li', '');
  const about = element('p', '', { class: 'about' });
  const when = nextTryMs === undefined ? 'given up' : `again at ${new Date(nextTryMs).toLocaleTimeString()}`;
  const told = [reason, detail, tries === 1 ? '1 try' : `${tries} tries`, when].filter((part) => part !== undefined);
  const button = element('button', 'Retry', { type: 'button', 'aria-label': `Retry ${key}` });
  button.addEventListener('click', async () => {
    if (await retry({ keys: [key] }, button)) item.remove();
  });
  about.append(element('span', told.join(', ')), button);
  item.append(element('span', key, { class: 'key' }), about);
  return item;
}

function retry(which: object, button: HTMLButtonElement): Promise<boolean> {
  const order = async () => {
    const { retried } = await ask<{ retried: number }>('/api/failures/retry', which);
    return retried === 1 ? '1 key is tried again now.' : `${retried} keys are tried again now.`;
  };
  return carryOut('failures-said', order, button);
}

async function showHottest(): Promise<void> {
  await carryOut('hottest-said', async () => {
    const { keys } = await ask<{ keys: HotKey[] }>(`/api/hottest?limit=${hottest}`);
    if (!hasToken()) return '';
    byId('hottest-keys').replaceChildren(...keys.map(hotItem));
    return keys.length === 0 ? 'None that is known.' : '';
  });
}

function hotItem({ key, source, bytes, heat }: HotKey): HTMLLIElement {
  const item = element('li', '');
  const about = [source, `${bytes.toLocaleString('en-US')} bytes`, `heat ${heat.toFixed(1)}`].join(', ');
  item.append(element('span', key, { class: 'key' }), element('p', about, { class: 'about' }));
  return item;
}
