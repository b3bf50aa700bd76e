import { html, type Markup } from './markup.ts';

/** What the operator can order. It works by script alone: a token must not travel in a form that any page could send. */
export function ordersHtml(mayOrder: boolean): Markup {
  if (!mayOrder)
    return html`<div class="orders"><h3>Orders</h3>
<p>No token is configured, so nobody may give orders or see keys from here. Put <code>admin.token</code> into the configuration (<code>openssl rand -hex 32</code>), and start again.</p></div>`;
  return html`<div class="orders">
<h3>Orders</h3>
<noscript><p>From this page orders need JavaScript. On the machine itself: <code>upstairs backfill pause</code>.</p></noscript>
<div data-scripted hidden>
<form id="token-form" class="row">
<label for="token">Token <small>(<code>admin.token</code> of the configuration)</small></label>
<input id="token" type="password" autocomplete="off" spellcheck="false" required aria-describedby="token-said">
<button type="submit">Use it</button>
<button type="button" id="token-forget" hidden>Forget it</button>
<label class="check"><input type="checkbox" id="token-keep"> Keep it until this tab is closed</label>
</form>
<p id="token-said" class="said" role="status"></p>
<div class="row" role="group" aria-label="Orders to the backfill">
<button type="button" data-order="start">Start</button>
<button type="button" data-order="pause">Pause</button>
<button type="button" data-order="resume" aria-describedby="resume-means">Resume</button>
</div>
<p id="resume-means" class="detail">Start and pause hold until you resume: then timetable and configuration decide again.</p>
<form id="limit-form" class="row">
<label for="limit">Limit</label>
<input id="limit" type="text" autocomplete="off" spellcheck="false" required placeholder="5MiB/s, 50/s" aria-describedby="limit-means">
<button type="submit">Set</button>
</form>
<p id="limit-means" class="detail"><code>5MiB/s</code>, <code>50/s</code>, both, <code>none</code>, or <code>auto</code>: the timetable decides.</p>
<p id="order-said" class="said" role="status"></p>
</div>
</div>`;
}
