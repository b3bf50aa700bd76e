import type { LiveUpdate } from '../live-update.ts';
import { byId, setText } from './elements.ts';

/** When to ask again where there was no room, or nobody, in milliseconds. */
const againMs = 10_000;

/** Updates, as long as somebody sees the page. Browsers keep few connections to one host: a page in the background holds none. */
export function connect(update: (update: LiveUpdate) => void): void {
  let events: EventSource | undefined;
  let timer = 0;
  const open = () => {
    clearTimeout(timer);
    if (document.hidden || events) return;
    events = new EventSource('/events');
    events.addEventListener('open', () => show('good', ''));
    events.addEventListener('message', ({ data }: MessageEvent<string>) => update(JSON.parse(data) as LiveUpdate));
    events.addEventListener('error', () => {
      show('bad', '(no connection: the numbers stand still)');
      if (events?.readyState !== EventSource.CLOSED) return;
      // It was refused: a browser does not try again by itself.
      close();
      timer = window.setTimeout(open, againMs);
    });
  };
  const close = () => {
    events?.close();
    events = undefined;
  };
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) close();
    else open();
  });
  // A page that is kept to go back to must not keep its connection.
  window.addEventListener('pagehide', close);
  window.addEventListener('pageshow', open);
  open();
}

function show(mood: 'good' | 'bad', text: string): void {
  byId('connection').dataset.mood = mood;
  setText(byId('connection-said'), text);
}
