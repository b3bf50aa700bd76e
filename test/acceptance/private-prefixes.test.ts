import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { needs } from '../support/left-out.ts';
import { world } from '../support/world.ts';

describe.skipIf(needs('ceph').skip)('what lies under a private prefix', { timeout: 60_000 }, () => {
  test('is not given out by another name, where the server of the old disk takes A for a', async () => {
    const file = '/backups/dumps/000/000/001/original/archive.tar.gz';
    const server = createServer((request, response) => {
      // As nginx does on exFAT, HFS+ or SMB.
      const found = request.url?.toLowerCase() === file;
      const facts = { 'last-modified': 'Mon, 01 Mar 2021 00:00:00 GMT', 'content-length': 7 };
      response.writeHead(found ? 200 : 404, found ? facts : {});
      response.end(found && request.method === 'GET' ? 'private' : undefined);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const sources = [{ type: 'http', name: 'overseas', url: `http://127.0.0.1:${port}/` }];
    const { upstairs, facts } = await world({ files: {}, config: { sources } });
    const names = [file, file.replace('backups', 'Backups'), file.toUpperCase()];
    const statuses = await Promise.all(names.map(async (name) => (await upstairs.get(name)).status));
    expect(statuses).toEqual([404, 404, 404]);
    expect(await facts(names[1]!.slice(1))).toBeUndefined();
  });
});
