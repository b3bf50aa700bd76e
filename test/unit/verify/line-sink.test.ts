import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lineSink } from '../../../src/cli/line-sink.ts';
import { scratch } from '../../support/scratch.ts';

describe('lines into a file', () => {
  test('are there under its name once all are written, for this user only, and not before', async () => {
    const file = join(scratch('out'), 'combined');
    writeFileSync(file, 'of yesterday');
    const sink = await lineSink(file);
    const line = `= ${'x'.repeat(1000)}\n`;
    for (let n = 0; n < 500; n += 1) await sink.write(line);
    expect(readFileSync(file, 'utf8')).toBe('of yesterday');
    await sink.end();
    expect(readFileSync(file, 'utf8')).toBe(line.repeat(500));
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('that are of no use leave nothing', async () => {
    const dir = scratch('out');
    const sink = await lineSink(join(dir, 'combined'));
    await sink.write('= a\n');
    await sink.discard();
    expect(readdirSync(dir)).toEqual([]);
  });

  test('that cannot be written are refused before any work is done', async () => {
    const dir = join(scratch('out'), 'missing');
    await expect(lineSink(join(dir, 'combined'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(existsSync(dir)).toBe(false);
  });
});
