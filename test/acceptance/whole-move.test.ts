import { expect, test } from 'vitest';
import { needs } from '../support/left-out.ts';
import { wholeMove } from '../support/whole-move.ts';

test.skipIf(needs('ceph', 'fuse', 'rclone').skip)(
  'ten thousand files, eight of them bad, move up through five kills; rclone agrees; the disk is retired, and everything is served',
  { timeout: 900_000 },
  async () => {
    const figures = await wholeMove({ files: 10_000, kills: 5 });
    console.log(`whole move: ${figures}`);
    expect(figures).toContain('10000 files, 5 kills');
  },
);
