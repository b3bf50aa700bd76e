import type { GraphData, GraphName, GraphTable } from './graph-data.ts';
import { graphSpans } from './graph-span.ts';
import { html, type Markup } from './markup.ts';

const titles: Readonly<Record<GraphName, string>> = {
  answers: 'Who answers readers, answers per second',
  copies: 'Carried up, bytes per second',
  latency: 'How long the sources take, milliseconds',
};

/** The graphs: in words and tables, which the browser script puts pictures beside. */
export function graphsHtml(data: GraphData): Markup {
  const links = Object.entries(graphSpans).map(([span, { words }]) => {
    const current = span === data.span && html` aria-current="true"`;
    return html`<li><a href="?span=${span}" data-span="${span}"${current}>${span}<span class="unseen">: ${words}</span></a></li>`;
  });
  return html`<section aria-labelledby="h-history" id="history">
<div class="bar"><h2 id="h-history">How it went <small>(times are UTC)</small></h2>
<nav aria-label="Time that the graphs show"><ul class="spans">${links}</ul></nav></div>
<div class="graphs">${Object.entries(titles).map(([name, title]) => figure(name as GraphName, title, data))}</div>
</section>`;
}

function figure(name: GraphName, title: string, { tables }: GraphData): Markup {
  return html`
<figure class="card graph" data-graph="${name}">
<figcaption>${title}</figcaption>
<ul class="legend" aria-hidden="true"></ul>
<div class="plot" aria-hidden="true"></div>
<p class="detail" data-summary>${tables[name].summary}</p>
<details><summary>As a table</summary>
<div class="scroll" role="region" tabindex="0" aria-label="${title}, as a table">${tableHtml(title, tables[name])}</div>
</details>
</figure>`;
}

function tableHtml(title: string, { head, rows }: GraphTable): Markup {
  return html`<table><caption class="unseen">${title}</caption>
<thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${rows.map(([first, ...others]) => html`<tr><th scope="row">${first}</th>${others.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
</table>`;
}
