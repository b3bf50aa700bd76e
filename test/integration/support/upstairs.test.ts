import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { scratch } from '../../support/scratch.ts';
import { startUpstairs } from '../../support/upstairs.ts';

/** Speaks as the program does, and answers with what it was asked. */
const double = `
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
const say = (line) => console.log(JSON.stringify(line));
const config = readFileSync(process.argv[4], "utf8");
if (config.includes("broken")) { console.error("no such key: broken"); process.exit(78); }
const answer = (q, a) => a.end(q.url === "/metrics" ? 'asked_total{by="us"} 4' : [q.method, q.headers.host, q.url, config].join(" "));
const up = (listener) => new Promise((done) => {
  const server = createServer(answer).listen(0, "127.0.0.1", () => done(say({ event: "listening", listener, port: server.address().port })));
});
await up("read");
await up("admin");
say({ event: "ready" });
console.log("not JSON");
`;

function stand(config: string) {
  const file = join(scratch('double'), 'double.mjs');
  writeFileSync(file, double);
  return startUpstairs({ config, program: [file] });
}

test('a program that is ready can be asked under every host name and path', async () => {
  await using upstairs = await stand('phase: move');
  expect((await upstairs.get('/a/../b%2F?c')).text).toBe('GET files.test /a/../b%2F?c phase: move');
  expect((await upstairs.get('/', { host: 'app.test' })).text).toBe('GET app.test / phase: move');
  expect(await upstairs.metric('asked_total', { by: 'us' })).toBe(4);
  expect(upstairs.logs.map(({ event }) => event)).toEqual(['listening', 'listening', 'ready']);
  await eventually(() => expect(upstairs.output()).toBe('not JSON\n'));
  expect(await upstairs.kill()).toEqual({ code: null, signal: 'SIGTERM' });
});

test('a program that does not start says why', async () => {
  await expect(stand('broken: true')).rejects.toThrow(/ended with 78:\nno such key: broken/);
});
