import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BatchWriter } from '../../../src/lib/batch-writer.ts';
import { scratch } from '../../support/scratch.ts';

let db: DatabaseSync;
let nowMs: number;
/** What a commit takes. */
let commitMs: number;
let commits: number;

beforeEach(() => {
  db = new DatabaseSync(join(scratch(), 'some.db'));
  nowMs = 0;
  commitMs = 0;
  commits = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const exec = db.exec.bind(db);
  db.exec = (sql) => {
    exec(sql);
    if (sql !== 'COMMIT') return;
    nowMs += commitMs;
    commits += 1;
  };
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  db.close();
});

const passed = (ms: number) => {
  nowMs += ms;
  vi.advanceTimersByTime(ms);
};

test('writes that come together share a commit', async () => {
  const writer = new BatchWriter(db, 5);
  const writes = [writer.write(() => 1), writer.write(() => 2)];
  passed(5);
  expect([await Promise.all(writes), commits]).toEqual([[1, 2], 1]);
});

test('where commits take long, writes wait for more company, and never for ever', async () => {
  const writer = new BatchWriter(db, 5);
  commitMs = 3;
  const write = () => writer.write(() => undefined, { patient: true });
  void write();
  passed(5);
  expect(commits).toBe(1);
  const later = [write(), write(), write()];
  passed(11);
  expect(commits).toBe(1);
  passed(1);
  await Promise.all(later);
  expect(commits).toBe(2);
  commitMs = 1000;
  passed(100);
  void write();
  passed(5);
  void write();
  passed(1000);
  expect(commits).toBe(4);
});

test('who is waited for waits no longer than ever, and takes along what does not mind', async () => {
  const writer = new BatchWriter(db, 5);
  commitMs = 3;
  void writer.write(() => undefined);
  passed(5);
  const patient = writer.write(() => 1, { patient: true });
  passed(2);
  const urgent = writer.write(() => 2);
  passed(5);
  expect([await patient, await urgent, commits]).toEqual([1, 2, 2]);
});

test('after a pause, none waits longer than it must', async () => {
  const writer = new BatchWriter(db, 5);
  commitMs = 3;
  void writer.write(() => undefined);
  passed(5);
  passed(60);
  const write = writer.write(() => undefined, { patient: true });
  passed(5);
  await write;
  expect(commits).toBe(2);
});

test('a disk that takes hundreds of milliseconds for a commit leaves most of the time to others', async () => {
  const writer = new BatchWriter(db, 5);
  commitMs = 200;
  const write = () => writer.write(() => undefined, { patient: true });
  void write();
  passed(5);
  void write();
  passed(795);
  expect(commits).toBe(1);
  passed(10);
  expect(commits).toBe(2);
});
