import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { mountFaultyDisk } from '../support/faulty-disk.ts';
import { needs } from '../support/left-out.ts';
import { basement, jpeg } from '../support/media-files.ts';
import { sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs } from '../support/upstairs.ts';

describe.skipIf(needs('ceph', 'fuse').skip)('a state directory on a disk that takes 200 ms to sync', () => {
  test('leaves most of the time to readers while copies are made', { timeout: 60_000 }, async () => {
    const rgw = sharedRgw();
    const root = scratch('root');
    const count = 200;
    await basement(
      root,
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}.jpg`, jpeg(i, { bytes: 5000 })])),
    );
    await using state = await mountFaultyDisk(scratch('state'), { writable: true });
    await using upstairs = await startUpstairs({
      config: baseConfig({
        endpoint: rgw.endpoint,
        bucket: await rgw.freshBucket(),
        root,
        stateDir: state.mountPoint,
        copy: { minAge: '0ms' },
      }),
    });
    expect((await upstairs.get('/0.jpg')).status).toBe(200);
    await state.setRules([{ op: 'fsync', delay_ms: 200 }]);

    let reading = true;
    const asking = (async () => {
      for (let i = 1; i < count && reading; i++) {
        await upstairs.get(`/${i}.jpg`);
        await sleep(50);
      }
    })();
    const tookMs: number[] = [];
    for (const until = performance.now() + 6000; performance.now() < until; await sleep(20)) {
      const began = performance.now();
      expect((await upstairs.get('/0.jpg')).headers['cache-status']).toContain('hit');
      tookMs.push(performance.now() - began);
    }
    reading = false;
    await asking;
    const quick = tookMs.filter((ms) => ms < 100).length / tookMs.length;
    console.log(`${tookMs.length} hits in the cache, ${Math.round(quick * 100)} % within 100 ms`);
    expect(tookMs.length).toBeGreaterThan(120);
    expect(quick).toBeGreaterThan(0.8);
    await state.setRules([]);
    await eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'wanted' })).toBe(0), {
      withinMs: 30_000,
    });
  });
});
