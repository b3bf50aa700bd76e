import { minuteInWords } from '../lib/quantity-words.ts';
import { htmlDocument } from './document.ts';
import { html } from './markup.ts';

/** The operator's page while the state cannot be read: nothing on it is a guess. */
export function troubleHtml(atMs: number, styles: readonly string[]): string {
  return htmlDocument({
    title: 'Upstairs: the state cannot be read',
    styles,
    body: html`<header class="top">
<h1>Upstairs</h1>
<p class="now">${minuteInWords(atMs)}</p>
</header>
<main>
<section class="card" aria-labelledby="h-trouble">
<h2 id="h-trouble">The state cannot be read</h2>
<p class="badge" data-mood="bad">Safe to unplug: not known</p>
<p>What Upstairs knows of the move is in its state directory, and reading that gave an error. Whether it can still do its work for readers: <a href="/readyz">/readyz</a>.</p>
<p>What to do: see the program's log for the error, and whether the disk of the state is full, read-only or broken (<code>df -h</code>, <code>dmesg</code>). Unplug nothing, and delete nothing there.</p>
<p><a href="">Ask again</a></p>
</section>
</main>`,
  });
}
