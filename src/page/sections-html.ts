import type { LiveMarkup } from './live-markup.ts';
import { html, type Markup } from './markup.ts';
import { ordersHtml } from './orders-html.ts';

type Fact = readonly [label: string, value: Markup];

function facts(all: readonly Fact[]): Markup {
  return html`<dl>${all.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function scrolling(label: string, table: Markup): Markup {
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${label}">${table}</div>`;
}

export function moveHtml(live: LiveMarkup, mayOrder: boolean): Markup {
  return html`<section class="card" aria-labelledby="h-move">
<h2 id="h-move">The move</h2>
<p class="badge" ${live.mood('backfill')}>${live.field('copy.state')}</p>
${facts([
  ['to go', html`${live.field('copy.eta')} <small>${live.field('copy.eta.if')}</small>`],
  ['left in the plan', live.field('copy.left')],
  ['copies, all', live.field('copy.rate')],
  ['carried up since the start', live.field('copy.since')],
  ['oldest wait', live.field('copy.wait')],
  ['ordered', live.field('copy.order')],
  ['limit', live.field('copy.limit')],
])}
${ordersHtml(mayOrder)}
</section>`;
}

export function readersHtml(live: LiveMarkup): Markup {
  const label = 'Who answered readers, in shares of requests and bytes';
  return html`<section class="card" aria-labelledby="h-readers">
<h2 id="h-readers">Who answers readers</h2>
<p class="detail">${live.field('readers.sum')}</p>
${scrolling(
  label,
  html`<table class="numbers"><caption class="unseen">${label}</caption>
<thead>
<tr><td rowspan="2"></td><th scope="colgroup" colspan="2">1 h</th><th scope="colgroup" colspan="2">24 h</th><th scope="colgroup" colspan="2">all</th></tr>
<tr>${[1, 2, 3].map(() => html`<th scope="col">reqs</th><th scope="col">bytes</th>`)}</tr>
</thead>
${live.rows('tiers')}</table>`,
)}
</section>`;
}

export function sourcesHtml(live: LiveMarkup, names: readonly string[]): Markup {
  return html`<section aria-labelledby="h-sources">
<h2 id="h-sources">The old places</h2>
<div class="sources">${names.map((name, i) => sourceHtml(live, name, `source.${i}`))}</div>
</section>`;
}

function sourceHtml(live: LiveMarkup, name: string, at: string): Markup {
  return html`
<article class="card source" aria-labelledby="h-${at}">
<h3 id="h-${at}">${name}</h3>
<p class="badge verdict" ${live.mood(at)}>${live.field(`${at}.verdict`)}</p>
${live.list(`${at}.why`)}
${facts([
  ['latency now', live.field(`${at}.latency`)],
  ['errors', live.field(`${at}.errors`)],
  ['last needed', live.field(`${at}.needed`)],
  ['quiet', live.field(`${at}.quiet`)],
  ['last verified', live.field(`${at}.verified`)],
  ['backfill', live.field(`${at}.pace`)],
])}
</article>`;
}

export function bucketHtml(live: LiveMarkup): Markup {
  return html`<section class="card" aria-labelledby="h-bucket">
<h2 id="h-bucket">The bucket</h2>
${facts([
  ['errors', html`<span class="dot" ${live.mood('store')}>${live.field('store.errors')}</span>`],
  ['uploads of unknown outcome', live.field('store.attempts')],
  ['writes of unknown outcome', live.field('store.intents')],
])}
</section>`;
}

export function failuresHtml(live: LiveMarkup): Markup {
  const label = 'What could not be copied, by reason';
  return html`<section class="card" aria-labelledby="h-failures">
<h2 id="h-failures">What could not be copied</h2>
<p>${live.field('failures.sum')}</p>
${scrolling(
  label,
  html`<table class="reasons"><caption class="unseen">${label}</caption>
<thead><tr><th scope="col">reason</th><th scope="col">keys</th><th scope="col">now</th><th scope="col">what it means</th></tr></thead>
${live.rows('failures')}</table>`,
)}
<div data-keys hidden>
<div class="row">
<label for="failures-reason">Keys of</label>
<select id="failures-reason"><option value="">every reason</option></select>
<button type="button" id="failures-show">Show keys</button>
<button type="button" id="failures-retry">Retry all of these</button>
</div>
<p id="failures-said" class="said" role="status"></p>
<ul class="keys" id="failures-keys" aria-label="Keys that could not be copied"></ul>
<button type="button" id="failures-more" hidden>More</button>
</div>
${keysHint('failures-hint')}
</section>`;
}

export function hottestHtml(): Markup {
  return html`<section class="card" aria-labelledby="h-hottest">
<h2 id="h-hottest">Asked for most, and still below</h2>
<div data-keys hidden>
<p id="hottest-said" class="said" role="status"></p>
<ol class="keys" id="hottest-keys" aria-label="The hottest keys that are still below"></ol>
</div>
${keysHint('hottest-hint')}
</section>`;
}

/** A key is all that guards what only followers were to see. */
function keysHint(id: string): Markup {
  return html`<p class="detail" id="${id}" data-keyless>Keys are shown to who has the token.</p>`;
}
