import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { scratch } from '../../support/scratch.ts';

const vitest = fileURLToPath(new URL('../../../node_modules/vitest/vitest.mjs', import.meta.url));

/** Runs this folder's test of the failing disk as on a machine that has nothing installed. */
async function runWithout(strict: '0' | '1'): Promise<{ code: unknown; output: string }> {
  const log = join(scratch('nested'), 'output');
  const file = openSync(log, 'w');
  const nested = spawn(process.execPath, [vitest, 'run', 'test/integration/support/faulty-disk.test.ts'], {
    env: { ...process.env, UPSTAIRS_TEST_WITHOUT: 'ceph,fuse', UPSTAIRS_TEST_STRICT: strict, NO_COLOR: '1' },
    stdio: ['ignore', file, file], // one file for both: only so the last line is known to be the last
  });
  const [code] = await once(nested, 'exit');
  closeSync(file);
  return { code, output: readFileSync(log, 'utf8') };
}

describe('what is not installed', () => {
  test('is skipped, and said at the end', async () => {
    const { code, output } = await runWithout('0');
    expect(output).toContain('apt-get install -y --no-install-recommends fuse3 python3-pyfuse3\n');
    expect(output.trimEnd().split('\n').at(-1)).toMatch(/^0 passed, 0 failed, [1-9]\d* skipped$/);
    expect(code).toBe(0);
  });

  test('is a failure where everything must be tested', async () => {
    const { code, output } = await runWithout('1');
    expect(output).toContain('apt-get install -y --no-install-recommends fuse3 python3-pyfuse3');
    expect(output.trimEnd().split('\n').at(-1)).toBe('0 passed, 1 failed, 0 skipped');
    expect(code).toBe(1);
  });
});
