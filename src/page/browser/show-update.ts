import type { LiveUpdate, TableRow } from '../live-update.ts';
import { all, byId, element, setText } from './elements.ts';

/** How often the gist is said to who listens, at most, in milliseconds: a page that speaks every second is turned off. */
const gistEveryMs = 60_000;

let saidMs = Date.now();

/** Puts an update into the page: texts, meters, lists and tables that carry its names. */
export function showUpdate({ fields, meters, lists, tables, moods, gist }: LiveUpdate): void {
  for (const place of all('[data-field]')) setText(place, fields[place.dataset.field ?? ''] ?? '');
  for (const place of all<HTMLProgressElement>('[data-meter]')) {
    const value = meters[place.dataset.meter ?? ''] ?? null;
    place.hidden = value === null;
    if (value !== null) place.value = value;
  }
  for (const place of all('[data-list]')) showList(place, lists[place.dataset.list ?? ''] ?? []);
  for (const place of all('[data-table]')) showTable(place, tables[place.dataset.table ?? ''] ?? []);
  for (const place of all('[data-mood-of]')) place.dataset.mood = moods[place.dataset.moodOf ?? ''] ?? 'calm';
  document.title = `${fields['files.percent']} upstairs`;
  if (Date.now() - saidMs < gistEveryMs) return;
  saidMs = Date.now();
  setText(byId('gist'), gist);
}

function showList(list: HTMLElement, texts: readonly string[]): void {
  texts.forEach((text, i) => {
    const item = list.children[i];
    if (item) setText(item, text);
    else list.append(element('li', text));
  });
  while (list.children.length > texts.length) list.lastElementChild?.remove();
}

/** Rows stay what they are as long as their keys do: whoever reads one does not lose it. */
function showTable(body: HTMLElement, rows: readonly TableRow[]): void {
  const before = new Map(all('tr', body).map((row) => [row.dataset.key ?? '', row]));
  rows.forEach(({ key, cells }, i) => {
    const row = before.get(key) ?? element('tr', '', { 'data-key': key });
    before.delete(key);
    cells.forEach((text, n) => {
      const cell =
        row.children[n] ?? row.appendChild(n === 0 ? element('th', '', { scope: 'row' }) : element('td', ''));
      setText(cell, text);
    });
    if (body.children[i] !== row) body.insertBefore(row, body.children[i] ?? null);
  });
  for (const gone of before.values()) gone.remove();
}
