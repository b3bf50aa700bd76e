import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterDeath } from './after-death.ts';

let root: string | undefined;

/** A fresh, empty directory; it and its siblings vanish when the test process ends. */
export function scratch(name = 'dir'): string {
  if (root === undefined) {
    root = mkdtempSync(join(tmpdir(), 'upstairs-test-'));
    afterDeath('rm -rf --one-file-system "$1"', root);
  }
  return mkdtempSync(join(root, `${name}-`));
}
