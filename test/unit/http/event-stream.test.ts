import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { EventStream } from '../../../src/http/event-stream.ts';

/** A client that takes what it is given as long as it is told to. */
class Client extends EventEmitter {
  readonly got: string[] = [];
  takes = true;
  over: 'ended' | 'destroyed' | undefined;
  write(text: string): boolean {
    this.got.push(text);
    return this.takes;
  }
  end() {
    this.over = 'ended';
    return this;
  }
  destroy() {
    this.over = 'destroyed';
    return this;
  }
}

function stream() {
  const client = new Client();
  const clock = { nowMs: 0 };
  const events = new EventStream(client as never, () => clock.nowMs);
  return { client, clock, events };
}

test('updates are sent as events, and beats as comments', () => {
  const { client, events } = stream();
  events.send('{"a":1}');
  events.beat();
  events.end();
  expect(client.got).toEqual(['retry: 3000\n\n', 'data: {"a":1}\n\n', ':\n\n']);
  expect(client.over).toBe('ended');
});

test('a slow client gets the newest once it can take it, and nothing of what came in between', () => {
  const { client, events } = stream();
  client.takes = false;
  events.send('1');
  for (const update of ['2', '3', '4']) events.send(update);
  events.beat();
  expect(client.got.slice(1)).toEqual(['data: 1\n\n']);
  client.takes = true;
  client.emit('drain');
  expect(client.got.slice(1)).toEqual(['data: 1\n\n', 'data: 4\n\n']);
  client.emit('drain');
  events.send('5');
  expect(client.got.at(-1)).toBe('data: 5\n\n');
});

test('a client that takes nothing for a minute is given up, and keeps nobody from stopping', () => {
  const { client, clock, events } = stream();
  client.takes = false;
  events.send('1');
  clock.nowMs = 59_000;
  events.send('2');
  expect(client.over).toBeUndefined();
  clock.nowMs = 60_000;
  events.beat();
  expect(client.over).toBe('destroyed');

  const other = stream();
  other.client.takes = false;
  other.events.send('1');
  other.events.end();
  expect(other.client.over).toBe('destroyed');
});
