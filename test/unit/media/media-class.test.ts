import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mediaClass, mediaClasses, uploadedMs } from '../../../src/media/media-class.ts';
import { isSkipped } from '../../../src/media/skipped-prefix.ts';

describe('the class of a key', () => {
  it.each([
    ['accounts/avatars/109/412/345/678/901/234/original/ab12.png', 'avatars'],
    ['accounts/headers/109/412/345/678/901/234/original/ab12.png', 'headers'],
    ['media_attachments/files/109/412/345/678/901/234/original/8f3c.jpg', 'media_original'],
    ['media_attachments/files/109/412/345/678/901/234/small/8f3c.png', 'media_small'],
    ['media_attachments/thumbnails/109/412/345/678/901/234/original/8f3c.png', 'thumbnails'],
    ['custom_emojis/images/000/000/123/static/8f3c.png', 'custom_emojis'],
    ['preview_cards/images/000/123/456/original/8f3c.jpg', 'preview_cards'],
    ['site_uploads/files/000/000/001/@1x/8f3c.png', 'site_uploads'],
    ['cache/accounts/avatars/109/412/345/678/901/234/original/ab12.png', 'cache'],
    ['backups/dumps/000/000/001/original/archive.zip', 'backups'],
    ['imports/000/000/001/original/following.csv', 'imports'],
    ['robots.txt', 'other'],
    ['old/accounts/avatars/1/x.png', 'other'],
    ['media_attachments', 'other'],
    ['', 'other'],
  ])('of %s is %s', (key, expected) => {
    expect(mediaClass(key)).toBe(expected);
  });

  it('is one of the set, whatever the key is', () => {
    fc.assert(fc.property(fc.string(), (key) => void expect(mediaClasses).toContain(mediaClass(key))));
  });
});

describe('the time in an id', () => {
  const timeOf = (key: string) => {
    const ms = uploadedMs(key);
    return ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 10);
  };

  it.each([
    ['media_attachments/files/109/412/345/678/901/234/original/8f3c.jpg', '2022-11-26'],
    ['cache/media_attachments/files/109/412/345/678/901/234/small/8f3c.jpg', '2022-11-26'],
    ['media_attachments/files/000/123/456/original/8f3c.jpg', undefined],
    ['media_attachments/files/000/000/000/000/123/456/original/8f3c.jpg', undefined],
    ['media_attachments/files/999/999/999/999/999/999/original/8f3c.jpg', undefined],
    ['media_attachments/files/109/412/345/678/901/23/original/8f3c.jpg', undefined],
    ["accounts/avatars/109/412/345/678/901/234/original/an-account's-age-is-not-its-avatar's.png", undefined],
    ['other/109/412/345/678/901/234/original/8f3c.jpg', undefined],
  ])('%s: %s', (key, day) => {
    expect(timeOf(key)).toBe(day);
  });
});

describe('what is skipped', () => {
  it('lies under one of the prefixes', () => {
    expect(isSkipped('cache/accounts/avatars/1.png', ['imports/', 'cache/'])).toBe(true);
    expect(isSkipped('cached/accounts/avatars/1.png', ['cache/'])).toBe(false);
    expect(isSkipped('accounts/cache/1.png', ['cache/'])).toBe(false);
    expect(isSkipped('cache/1.png', [])).toBe(false);
  });
});
