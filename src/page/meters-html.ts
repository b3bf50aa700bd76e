import type { LiveMarkup } from './live-markup.ts';
import { html, type Markup } from './markup.ts';

const meters = [
  {
    name: 'requests',
    title: 'Requests',
    detail: 'requests.before',
    label: 'Share of answers that came from upstairs in the last hour',
  },
  { name: 'bytes', title: 'Bytes', detail: 'bytes.amount', label: 'Share of the bytes that are upstairs' },
  { name: 'files', title: 'Files', detail: 'files.amount', label: 'Share of the files that are upstairs' },
] as const;

/** How much is upstairs: requests, bytes, files. */
export function metersHtml(live: LiveMarkup): Markup {
  return html`<section aria-labelledby="h-upstairs">
<h2 id="h-upstairs">How much is upstairs</h2>
<div class="meters">${meters.map(
    ({ name, title, detail, label }) => html`
<div class="card meter-card">
<h3>${title}</h3>
<p class="figure"><strong>${live.field(`${name}.percent`)}</strong> ${live.field(`${name}.words`)}</p>
${live.meter(name, label)}
<p class="detail">${live.field(detail)}</p>
</div>`,
  )}
</div>
</section>`;
}
