import type { ServerResponse } from 'node:http';
import type { Watcher } from '../page/live-feed.ts';

/** How long a client may take nothing before it is given up, in milliseconds. */
const stalledMs = 60_000;
/** When a browser that lost the connection tries again, in milliseconds. */
const retryMs = 3000;

/** Server-sent events to one client (HTML standard, "Server-sent events"). One that is slow gets the newest when it can take it, and nothing in between. */
export class EventStream implements Watcher {
  readonly #response: Pick<ServerResponse, 'write' | 'end' | 'destroy' | 'on'>;
  readonly #now: () => number;
  /** Since when it takes nothing. */
  #fullMs: number | undefined;
  #newest: string | undefined;

  constructor(response: Pick<ServerResponse, 'write' | 'end' | 'destroy' | 'on'>, now: () => number) {
    this.#response = response;
    this.#now = now;
    response.on('drain', () => {
      this.#fullMs = undefined;
      const newest = this.#newest;
      this.#newest = undefined;
      if (newest !== undefined) this.send(newest);
    });
    this.#write(`retry: ${retryMs}\n\n`);
  }

  /** `update`: without line breaks, as JSON is. */
  send(update: string): void {
    if (this.#fullMs === undefined) {
      this.#write(`data: ${update}\n\n`);
      return;
    }
    this.#newest = update;
    this.#giveUp();
  }

  beat(): void {
    if (this.#fullMs === undefined) this.#write(':\n\n');
    else this.#giveUp();
  }

  /** Also while it takes nothing: it must not keep the program from stopping. */
  end(): void {
    if (this.#fullMs === undefined) this.#response.end();
    else this.#response.destroy();
  }

  #write(text: string): void {
    if (!this.#response.write(text)) this.#fullMs ??= this.#now();
  }

  #giveUp(): void {
    if (this.#fullMs !== undefined && this.#now() - this.#fullMs >= stalledMs) this.#response.destroy();
  }
}
