import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedPerByte } from '../../../src/backfill/order.ts';

const nowMs = Date.UTC(2026, 0);
const dayMs = 86_400_000;
const key = fc.constantFrom(
  'accounts/avatars/109/412/345/678/901/234/original/a.png',
  'media_attachments/files/109/412/345/678/901/234/original/a.mp4',
  'cache/x.png',
  'some/thing',
);
const heat = fc.double({ min: 0, max: 1e9, noNaN: true });
const size = fc.nat(2 ** 40);
const mtimeUs = fc.integer({ min: -1e15, max: 4e15 });

describe('the order', () => {
  it('is a number above zero for any file', () => {
    fc.assert(
      fc.property(key, size, mtimeUs, heat, (key, size, mtimeUs, views) => {
        const score = expectedPerByte({ key, size, mtimeUs }, views, nowMs);
        expect(score).toBeGreaterThan(0);
        expect(score).toBeLessThan(Number.POSITIVE_INFINITY);
      }),
    );
  });

  it('puts first what is asked for more, all else being equal', () => {
    fc.assert(
      fc.property(
        key,
        size,
        mtimeUs,
        heat,
        fc.double({ min: 1, max: 1e6, noNaN: true }),
        (key, size, mtimeUs, views, more) => {
          const file = { key, size, mtimeUs };
          expect(expectedPerByte(file, views + more, nowMs)).toBeGreaterThan(expectedPerByte(file, views, nowMs));
        },
      ),
    );
  });

  it('puts first what is smaller, all else being equal', () => {
    fc.assert(
      fc.property(key, size, mtimeUs, heat, fc.integer({ min: 1, max: 1e9 }), (key, size, mtimeUs, views, more) => {
        const score = (size: number) => expectedPerByte({ key, size, mtimeUs }, views, nowMs);
        expect(score(size + more)).toBeLessThan(score(size));
      }),
    );
  });

  it('puts first what is newer, all else being equal', () => {
    const score = (ageDays: number) =>
      expectedPerByte({ key: 'x', size: 1000, mtimeUs: (nowMs - ageDays * dayMs) * 1000 }, 0, nowMs);
    expect(score(1)).toBeGreaterThan(score(100));
    expect(score(100)).toBeGreaterThan(score(1000));
  });

  it('believes the id in the path rather than the time of the file', () => {
    const score = (id: string) =>
      expectedPerByte(
        { key: `media_attachments/files/${id}/original/a.jpg`, size: 1000, mtimeUs: nowMs * 1000 },
        0,
        nowMs,
      );
    expect(score('115/412/345/678/901/234')).toBeGreaterThan(score('105/412/345/678/901/234'));
  });

  it('lets a video that is asked for as often as two thousand pictures wait until they are up', () => {
    const picture = { key: 'media_attachments/files/1/original/a.jpg', size: 30_000, mtimeUs: 0 };
    const video = { key: 'media_attachments/files/1/original/a.mp4', size: 60_000_000, mtimeUs: 0 };
    expect(expectedPerByte(picture, 1, nowMs)).toBeGreaterThan(expectedPerByte(video, 1000, nowMs));
    expect(expectedPerByte(picture, 1, nowMs)).toBeLessThan(expectedPerByte(video, 10_000, nowMs));
  });

  it('puts avatars and emojis before originals of their size and age', () => {
    const score = (key: string) => expectedPerByte({ key, size: 20_000, mtimeUs: 0 }, 0, nowMs);
    for (const first of [
      'accounts/avatars/1/original/a.png',
      'custom_emojis/images/1/original/a.png',
      'site_uploads/files/1/a.png',
    ])
      expect(score(first)).toBeGreaterThan(score('media_attachments/files/1/original/a.jpg'));
  });
});
