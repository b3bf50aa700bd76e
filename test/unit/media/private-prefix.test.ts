import { describe, expect, it } from 'vitest';
import { parseKey } from '../../../src/media/key.ts';
import { isPrivate } from '../../../src/media/private-prefix.ts';

const prefixes = ['backups/', 'imports/'];

describe('private prefixes', () => {
  it.each([
    ['backups/dumps/files/1/original/archive.zip', true],
    ['backups/x', true],
    ['backups', true],
    ['imports/1', true],
    ['backups-old/x', false],
    ['cache/backups/x', false],
    ['Backups/x', true],
    ['BACKUPS', true],
    ['accounts/avatars/1.png', false],
  ])('%s: %s', (key, hidden) => {
    expect(isPrivate(key, prefixes)).toBe(hidden);
  });

  it('hides nothing when there are none', () => {
    expect(isPrivate('backups/x', [])).toBe(false);
  });

  it('sees through every encoding that leads to the same key', () => {
    for (const path of ['backups/x', '%62ackups/x', '%62%61%63%6b%75%70%73/x']) {
      const parsed = parseKey(path);
      expect(parsed.ok && isPrivate(parsed.key, prefixes)).toBe(true);
    }
  });
});
