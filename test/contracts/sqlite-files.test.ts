import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { SqliteFiles } from '../../src/ledger/sqlite-files.ts';
import { SqliteScanWriter } from '../../src/ledger/sqlite-scan-writer.ts';
import { scratch } from '../support/scratch.ts';
import { filesContract, seenFile } from './files.contract.ts';

const signal = new AbortController().signal;

filesContract('a SQLite file', () => {
  const file = join(scratch('state'), 'files.db');
  return { openFiles: () => new SqliteFiles(file), openWriter: () => new SqliteScanWriter(file) };
});

test('processes that open a new file at once all find it whole', async () => {
  const file = join(scratch('state'), 'files.db');
  const module = fileURLToPath(new URL('../../src/ledger/sqlite-files.ts', import.meta.url));
  const program = `const { SqliteFiles } = await import(process.argv[1]);
    while (Date.now() < Number(process.argv[3]));
    await new SqliteFiles(process.argv[2]).close();`;
  const atMs = String(Date.now() + 1500);
  const open = () => promisify(execFile)(execPath, ['--input-type=module', '-e', program, module, file, atMs]);
  await Promise.all([open(), open(), open()]);
  const files = new SqliteFiles(file);
  expect(await files.totals()).toEqual([]);
  await files.close();
});

test('a file costs few bytes, also where none comes in order', async () => {
  const file = join(scratch('state'), 'files.db');
  const writer = new SqliteScanWriter(file);
  const scan = await writer.begin('basement', 'manifest', { fresh: false, nowMs: 1 });
  const total = 20_000;
  const keyOf = (n: number) => {
    // As `find` tells them: directories in any order, the files of one together.
    const id = String((n >> 1) * 7_919_333).padStart(18, '1');
    const name = `${(n * 2_654_435_761).toString(16).padStart(16, '0').slice(-16)}.jpeg`;
    return `media_attachments/files/${id.match(/.{3}/g)?.reverse().join('/')}/${n % 2 ? 'original' : 'small'}/${name}`;
  };
  for (let n = 0; n < total; n += 1000) {
    const files = Array.from({ length: 1000 }, (_, i) => seenFile(keyOf(n + i), { size: 1_234_567 }));
    await writer.put(scan, { files, findings: [], cursor: undefined, nowMs: 1 });
  }
  await writer.end(scan, { nowMs: () => 2, signal });
  await writer.close();
  const db = new DatabaseSync(file);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  expect(statSync(file).size / total).toBeLessThan(300);
});
