import { describe, expect, test } from 'vitest';
import { Aimd, besideReaders } from '../../../src/backfill/aimd.ts';

const options = { most: 4, floorMs: 5 };

/** A disk of which each operation takes `aloneMs`, times how many are under way. */
function driven(aimd: Aimd, aloneMs: number, windows: number): number[] {
  return Array.from({ length: windows }, () => {
    const used = aimd.level;
    aimd.observe({ p90Ms: aloneMs * used, samples: 50, used });
    return aimd.level;
  });
}

describe('how much a disk is asked at once', () => {
  test('begins with one', () => {
    expect(new Aimd(options).level).toBe(1);
  });

  test('grows one by one, up to the most, while the disk is as quick as it ever was', () => {
    const aimd = new Aimd(options);
    const levels = Array.from({ length: 6 }, () => {
      aimd.observe({ p90Ms: 20, samples: 50, used: aimd.level });
      return aimd.level;
    });
    expect(levels).toEqual([2, 3, 4, 4, 4, 4]);
  });

  test('is doubled from the start, as long as the disk is quick whatever it is', () => {
    const aimd = new Aimd({ most: 20, floorMs: 5 });
    const observe = (p90Ms: number) => {
      aimd.observe({ p90Ms, samples: 50, used: aimd.level });
      return aimd.level;
    };
    expect([1, 2, 2].map(observe)).toEqual([2, 4, 8]);
    expect([30, 30, 1, 1].map(observe)).toEqual([4, 2, 3, 4]);
    aimd.reset();
    expect([1, 1].map(observe)).toEqual([2, 4]);
  });

  test('is halved when the disk takes twice as long as at its best', () => {
    const aimd = new Aimd(options);
    for (let n = 0; n < 3; n++) aimd.observe({ p90Ms: 20, samples: 50, used: aimd.level });
    aimd.observe({ p90Ms: 40, samples: 50, used: 4 });
    expect(aimd.level).toBe(2);
    aimd.observe({ p90Ms: 400, samples: 50, used: 2 });
    aimd.observe({ p90Ms: 400, samples: 50, used: 1 });
    expect(aimd.level).toBe(1);
  });

  test('stays low on a disk that does one thing after the other', () => {
    const levels = driven(new Aimd(options), 15, 100);
    expect(Math.max(...levels)).toBe(2);
    expect(levels.filter((level) => level === 1).length).toBeGreaterThan(30);
  });

  test('grows on a disk so quick that nobody notices', () => {
    expect(driven(new Aimd(options), 0.5, 10).at(-1)).toBe(4);
  });

  test('comes back after a bad time', () => {
    const aimd = new Aimd(options);
    for (let n = 0; n < 10; n++) aimd.observe({ p90Ms: 10, samples: 50, used: aimd.level });
    for (let n = 0; n < 5; n++) aimd.observe({ p90Ms: 900, samples: 50, used: aimd.level });
    expect(aimd.level).toBe(1);
    for (let n = 0; n < 5; n++) aimd.observe({ p90Ms: 10, samples: 50, used: aimd.level });
    expect(aimd.level).toBe(4);
  });

  test('takes a disk that has become slow for good as it is, in time', () => {
    const aimd = new Aimd(options);
    for (let n = 0; n < 20; n++) aimd.observe({ p90Ms: 10, samples: 50, used: aimd.level });
    for (let n = 0; n < 200; n++) aimd.observe({ p90Ms: 60, samples: 50, used: aimd.level });
    expect([aimd.usualMs, aimd.level]).toEqual([60, 4]);
  });

  test('says nothing of a window in which hardly anything happened, or in which less was used', () => {
    const aimd = new Aimd(options);
    aimd.observe({ p90Ms: undefined, samples: 0, used: 1 });
    aimd.observe({ p90Ms: 1, samples: 4, used: 1 });
    aimd.observe({ p90Ms: 1, samples: 50, used: 0 });
    expect(aimd.level).toBe(1);
  });
});

test('each reader takes one away, and from half of the places on nothing is begun', () => {
  expect([0, 1, 2, 3, 4, 8].map((readers) => besideReaders(4, readers, 8))).toEqual([4, 3, 2, 1, 0, 0]);
  expect([0, 1, 2].map((readers) => besideReaders(1, readers, 4))).toEqual([1, 1, 0]);
});
