import type { LiveUpdate, TableRow } from './live-update.ts';
import { html, type Markup } from './markup.ts';

/** The elements that move, each with its words of now and with the name by which an open page finds it. */
export class LiveMarkup {
  readonly #update: LiveUpdate;

  constructor(update: LiveUpdate) {
    this.#update = update;
  }

  field(name: string): Markup {
    return html`<span data-field="${name}">${known(this.#update.fields, name)}</span>`;
  }

  /** Hidden where nothing is known: an empty meter would tell a lie, a moving one would disturb. */
  meter(name: string, label: string): Markup {
    const value = known(this.#update.meters, name);
    const hidden = value === null && html` hidden`;
    return html`<progress data-meter="${name}" aria-label="${label}" max="1" value="${value ?? 0}"${hidden}></progress>`;
  }

  list(name: string): Markup {
    return html`<ul data-list="${name}">${known(this.#update.lists, name).map((text) => html`<li>${text}</li>`)}</ul>`;
  }

  rows(name: string): Markup {
    return html`<tbody data-table="${name}">${known(this.#update.tables, name).map(rowMarkup)}</tbody>`;
  }

  mood(name: string): Markup {
    return html`data-mood-of="${name}" data-mood="${known(this.#update.moods, name)}"`;
  }
}

function rowMarkup({ key, cells: [first, ...others] }: TableRow): Markup {
  return html`<tr data-key="${key}"><th scope="row">${first}</th>${others.map((cell) => html`<td>${cell}</td>`)}</tr>`;
}

/** @throws where the page has something that no update would ever move. */
function known<T>(all: Readonly<Record<string, T>>, name: string): T {
  const value = all[name];
  if (value === undefined) throw new Error(`nothing on the page is called ${name}`);
  return value;
}
