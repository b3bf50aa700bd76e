import type { Scripts } from './assets.ts';
import { htmlDocument } from './document.ts';
import type { GraphData } from './graph-data.ts';
import { graphsHtml } from './graphs-html.ts';
import { LiveMarkup } from './live-markup.ts';
import type { LiveUpdate } from './live-update.ts';
import { html } from './markup.ts';
import { metersHtml } from './meters-html.ts';
import { bucketHtml, failuresHtml, hottestHtml, moveHtml, readersHtml, sourcesHtml } from './sections-html.ts';

export interface PageParts {
  readonly update: LiveUpdate;
  readonly graphs: GraphData;
  /** Names, in the order of the update's `source.0`, `source.1`. */
  readonly sources: readonly string[];
  /** Whether there is a token that somebody may have. */
  readonly mayOrder: boolean;
  /** The URL of an asset by its name. */
  readonly asset: (name: string) => string;
  readonly scripts: Scripts;
  readonly styles: readonly string[];
}

/** Seconds after which a browser without JavaScript asks again. */
const refreshSeconds = 30;

/** The operator's page, whole: everything is in it, and a browser with JavaScript keeps it true. */
export function pageHtml({ update, graphs, sources, mayOrder, asset, scripts, styles }: PageParts): string {
  const live = new LiveMarkup(update);
  return htmlDocument({
    title: `${update.fields['files.percent']} upstairs`,
    styles: styles.map(asset),
    head: html`${scripts.plain.map((name) => html`<script defer src="${asset(name)}"></script>\n`)}${scripts.modules.map(
      (name) => html`<link rel="modulepreload" href="${asset(name)}">\n`,
    )}<script type="module" src="${asset(scripts.main)}"></script>
<noscript><meta http-equiv="refresh" content="${refreshSeconds}"></noscript>
`,
    body: html`<a class="skip" href="#main">Skip to the numbers</a>
<header class="top">
<h1>Upstairs</h1>
<p>${live.field('phase')} · ${live.field('serving')}</p>
<p class="now"><span id="connection" class="dot" data-mood="calm">${live.field('at')}</span> <span id="connection-said" role="status"></span><noscript>, again every ${refreshSeconds} s</noscript></p>
</header>
<main id="main">
<p class="unseen" role="status" id="gist"></p>
${metersHtml(live)}
<div class="two">
${moveHtml(live, mayOrder)}
<div class="column">
${readersHtml(live)}
${bucketHtml(live)}
${hottestHtml()}
</div>
</div>
${graphsHtml(graphs)}
${sourcesHtml(live, sources)}
${failuresHtml(live)}
</main>
<footer><p>As <code>upstairs status</code> has it. For machines: <a href="/api/status">status</a>, <a href="/api/backfill">backfill</a>, <a href="/metrics">metrics</a>, <a href="/readyz">readiness</a>.</p></footer>`,
  });
}
