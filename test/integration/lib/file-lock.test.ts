import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { FileLock } from '../../../src/lib/file-lock.ts';
import { scratch } from '../../support/scratch.ts';

const module = new URL('../../../src/lib/file-lock.ts', import.meta.url).href;

/** Another process that takes the lock and keeps it for as long as it lives. */
async function holder(file: string) {
  const program = `const { FileLock } = await import(${JSON.stringify(module)});
    globalThis.lock = FileLock.take(${JSON.stringify(file)});
    console.log(globalThis.lock === undefined ? 'refused' : 'held');
    setInterval(() => undefined, 1000);`;
  const child = spawn(execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = await once(child.stdout, 'data');
  return { child, said: String(said).trim() };
}

test('a lock is held by one process at a time, and free again when that is killed', async () => {
  const file = join(scratch('lock'), 'lock.db');
  const { child, said } = await holder(file);
  expect(said).toBe('held');
  expect(FileLock.take(file)).toBeUndefined();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = FileLock.take(file);
  expect(lock).toBeDefined();
  expect((await holder(file)).said).toBe('refused');
  lock?.release();
  expect((await holder(file)).said).toBe('held');
});

test('a lock whose file cannot be made is an error, not a lock that somebody else holds', () => {
  expect(() => FileLock.take(join(scratch('lock'), 'missing', 'lock.db'))).toThrow();
});
