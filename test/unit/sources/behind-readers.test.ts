import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DiskGate } from '../../../src/sources/disk-gate.ts';

/** Operations that each take `ms`, and when each was begun. */
class Disk {
  readonly begun: { name: string; atMs: number }[] = [];
  readonly startMs = performance.now();

  operation(name: string, ms: number): () => Promise<void> {
    return async () => {
      this.begun.push({ name, atMs: performance.now() - this.startMs });
      await new Promise<void>((resolve) => setTimeout(resolve, ms));
    };
  }

  names(): string[] {
    return this.begun.map(({ name }) => name);
  }
}

describe('operations behind those of readers', () => {
  let gate: DiskGate;
  let disk: Disk;
  beforeEach(() => {
    vi.useFakeTimers();
    gate = new DiskGate({ maxOutstanding: 4, maxLookups: 2, maxWaiting: 10, deadlineMs: 1000 });
    disk = new Disk();
  });
  afterEach(() => vi.useRealTimers());

  const behind = (name: string, ms = 10) => gate.read(disk.operation(name, ms), undefined, 'behind');
  const reader = (name: string, ms = 10) => gate.read(disk.operation(name, ms));
  const passed = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  test('are begun at once, on half of the places, while nobody reads', async () => {
    for (const name of ['a', 'b', 'c']) void behind(name);
    await passed(0);
    expect(disk.names()).toEqual(['a', 'b']);
  });

  test('are refused once the disk owes answers on a quarter of its places', async () => {
    const hung = expect(gate.read(() => new Promise(() => undefined), undefined, 'behind')).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    await passed(1001);
    await hung;
    await expect(behind('later')).rejects.toMatchObject({ code: 'BUSY' });
    void reader('reader');
    await passed(0);
    expect(disk.names()).toEqual(['reader']);
  });

  test('wait while a reader has one under way, and a moment longer, for his next', async () => {
    void reader('reader', 50);
    void behind('behind');
    await passed(55);
    expect(disk.names()).toEqual(['reader']);
    void reader('his next', 50);
    await passed(55);
    expect(disk.names()).toEqual(['reader', 'his next']);
    await passed(20);
    expect(disk.names()).toEqual(['reader', 'his next', 'behind']);
  });

  test('come one at a time as long as readers were there lately', async () => {
    void reader('reader', 5);
    await passed(100);
    for (const name of ['a', 'b']) void behind(name, 50);
    await passed(40);
    expect(disk.names()).toEqual(['reader', 'a']);
    await passed(20);
    expect(disk.names()).toEqual(['reader', 'a', 'b']);
  });

  test('are begun now and then even if readers never pause', async () => {
    const reading = async () => {
      for (let n = 0; n < 100; n++) await reader('reader', 10);
    };
    void reading();
    void behind('a');
    void behind('b');
    await passed(1000);
    const times = disk.begun.filter(({ name }) => name !== 'reader').map(({ atMs }) => atMs);
    expect(times).toHaveLength(2);
    expect(times[0]).toBeGreaterThan(200);
    expect(times[1]! - times[0]!).toBeGreaterThan(200);
  });

  test('do not wait against the deadline of the disk', async () => {
    const done = behind('behind', 10);
    const blocked = Array.from({ length: 4 }, () => reader('reader', 900));
    await passed(950);
    await expect(done).resolves.toBeUndefined();
    await Promise.all(blocked);
  });

  test('learn at once that the disk does not answer at all', async () => {
    const stuck = Array.from({ length: 4 }, () => reader('stuck', 1e9).catch(({ code }) => code));
    await passed(1100);
    expect(await Promise.all(stuck)).toEqual(['TIMEOUT', 'TIMEOUT', 'TIMEOUT', 'TIMEOUT']);
    const refused = behind('behind').catch(({ code }) => code);
    await passed(300);
    expect(await refused).toBe('BUSY');
  });

  test('are no readers', async () => {
    void behind('behind', 50);
    await passed(10);
    expect([gate.readers, gate.load.outstanding]).toEqual([0, 1]);
    void reader('reader', 50);
    await passed(10);
    expect([gate.readers, gate.load.outstanding]).toEqual([1, 2]);
  });
});
