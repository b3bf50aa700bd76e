import { bytesInWords, minuteInWords } from '../lib/quantity-words.ts';
import { percent, rateWords } from '../status/status-words.ts';
import { etaWords, stateOf } from './backfill-words.ts';
import { answeredAbove, carried } from './carried.ts';
import { htmlDocument } from './document.ts';
import { LiveMarkup } from './live-markup.ts';
import { html, type Markup } from './markup.ts';
import { metersHtml } from './meters-html.ts';
import type { PageFacts } from './page-facts.ts';
import { howMuch, meters } from './page-view.ts';

/** What everybody's page is made from. */
export type PublicFacts = Pick<PageFacts, 'status' | 'backfill'>;

/** What everybody may know of the move: sums. Of the old places not even names are told, of failures nothing. */
export function publicHtml({ status, backfill }: PublicFacts, stylePath: string): string {
  const amounts = carried(status);
  const words = howMuch(amounts, status);
  const state = stateOf(backfill);
  const live = new LiveMarkup({
    ...{ fields: words, meters: meters(amounts, status), lists: {}, tables: {}, gist: '' },
    moods: { move: state.mood },
  });
  return htmlDocument({
    title: 'Moving upstairs',
    styles: [stylePath],
    body: html`<header class="top">
<h1>Moving upstairs</h1>
<p>The media of this place are carried from old disks into a bucket, while people look at them.</p>
<p class="now">${minuteInWords(status.atMs)}</p>
</header>
<main>
${metersHtml(live)}
<section class="card" aria-labelledby="h-move">
<h2 id="h-move">The move</h2>
<p class="badge" ${live.mood('move')}>${state.words}</p>
<dl>
<div><dt>to go</dt><dd>${etaWords(backfill)}</dd></div>
<div><dt>copies</dt><dd>${status.rate ? rateWords(status.rate) : 'not known yet'}</dd></div>
</dl>
</section>
<section class="card" aria-labelledby="h-readers">
<h2 id="h-readers">Who answers readers</h2>
<div class="scroll" role="region" tabindex="0" aria-label="Who answered readers">
<table class="numbers"><caption class="unseen">Who answered readers, in shares of their requests</caption>
<thead><tr><td></td><th scope="col">1 h</th><th scope="col">24 h</th><th scope="col">all</th></tr></thead>
<tbody>${shares(status.tiers)}</tbody>
</table></div>
</section>
</main>
<footer><p>Made by Upstairs, anew every half a minute.</p></footer>`,
  });
}

function shares({ hour, day, all }: PageFacts['status']['tiers']): Markup[] {
  const periods = [hour, day, all].map((each) => ({
    requests: answeredAbove(each),
    bytes: answeredAbove(each, 'bytes'),
  }));
  const row = (name: string, cells: readonly string[]) =>
    html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`;
  return [
    row(
      'upstairs',
      periods.map(({ requests: { part, whole } }) => percent(part, whole)),
    ),
    row(
      'old disks',
      periods.map(({ requests: { part, whole } }) => percent(whole - part, whole)),
    ),
    row(
      'bytes in all',
      periods.map(({ bytes }) => bytesInWords(bytes.whole)),
    ),
  ];
}
