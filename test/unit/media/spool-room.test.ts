import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SpoolRoom } from '../../../src/media/spool-room.ts';
import { scratch } from '../../support/scratch.ts';

const limits = { memoryBytes: 1000, memoryObjectBytes: 300, diskBytes: 5000 };

describe('the room for spools', () => {
  test('puts small objects into memory and large ones into files', () => {
    const room = new SpoolRoom({ ...limits, dir: scratch() });
    room.reserve(300);
    expect(room.used).toEqual({ memory: 300, disk: 0 });
    room.reserve(301);
    expect(room.used).toEqual({ memory: 300, disk: 301 });
  });

  test('puts small objects into files when the memory is taken', () => {
    const room = new SpoolRoom({ ...limits, dir: scratch() });
    for (let i = 0; i < 4; i++) room.reserve(300);
    expect(room.used).toEqual({ memory: 900, disk: 300 });
  });

  test('turns away what fits nowhere', () => {
    const room = new SpoolRoom({ ...limits, dir: scratch() });
    expect(room.reserve(5001)).toBeUndefined();
    expect(room.reserve(5000)).toBeDefined();
    expect(room.reserve(301)).toBeUndefined();
    expect(room.used).toEqual({ memory: 0, disk: 5000 });
  });

  test('makes no file before the first byte', () => {
    const dir = scratch();
    new SpoolRoom({ ...limits, dir }).reserve(400);
    expect(readdirSync(dir)).toEqual([]);
  });

  test('gives two spools two files', async () => {
    const dir = scratch();
    const room = new SpoolRoom({ ...limits, dir });
    const [a, b] = [room.reserve(400)!, room.reserve(400)!];
    await a.write(Buffer.alloc(400), 0);
    await b.write(Buffer.alloc(400), 0);
    expect(readdirSync(dir).length).toBe(2);
    await a.close();
    await b.close();
    expect(readdirSync(dir)).toEqual([]);
    expect(room.used).toEqual({ memory: 0, disk: 0 });
  });

  test('sweeps what a dead process left, and nothing else', () => {
    const dir = join(scratch(), 'state', 'spool');
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, '4711-1.spool'), 'left behind');
    writeFileSync(join(dir, 'README'), 'of the operator');
    new SpoolRoom({ ...limits, dir });
    expect(readdirSync(dir)).toEqual(['README']);
  });

  test('is a directory that nobody else may look into', () => {
    const dir = join(scratch(), 'state', 'spool');
    new SpoolRoom({ ...limits, dir });
    expect(existsSync(dir)).toBe(true);
    expect(statSync(dir).mode & 0o077).toBe(0);
  });

  test('never hands out more than it has, and has everything again at the end', async () => {
    const action = fc.oneof(fc.record({ reserve: fc.nat(2000) }), fc.record({ close: fc.nat() }));
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        const room = new SpoolRoom({ ...limits, dir: scratch() });
        const open: { close(): Promise<void> }[] = [];
        for (const one of actions) {
          if ('reserve' in one) {
            const storage = room.reserve(one.reserve);
            if (storage) open.push(storage);
          } else if (open.length > 0) await open.splice(one.close % open.length, 1)[0]?.close();
          if (room.used.memory > limits.memoryBytes || room.used.disk > limits.diskBytes) return false;
        }
        for (const storage of open) await storage.close();
        return room.used.memory === 0 && room.used.disk === 0;
      }),
      { numRuns: 40 },
    );
  });
});
