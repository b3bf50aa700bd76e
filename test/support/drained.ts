import { onTestFinished } from 'vitest';
import { merge, type PlainConfig } from './base-config.ts';
import { type DiskRules, type FaultyDisk, mountFaultyDisk } from './faulty-disk.ts';
import { basement } from './media-files.ts';
import { type Rgw, sharedRgw } from './rgw.ts';
import { runUpstairs } from './run-upstairs.ts';
import { scratch } from './scratch.ts';
import { baseConfig, startUpstairs, type Upstairs } from './upstairs.ts';

export interface DrainWorld {
  readonly rgw: Rgw;
  readonly bucket: string;
  /** The directory behind the disk. */
  readonly root: string;
  /** Without a page cache: what is read is counted exactly. */
  readonly disk: FaultyDisk;
  readonly config: PlainConfig;
  /** Looks through the sources, as an operator does it by hand. */
  scan(): Promise<string>;
  start(change?: PlainConfig): Promise<Upstairs>;
}

/** A disk with files, a bucket, and a program that is to carry the ones into the other; nothing is started yet. */
export async function drainWorld(
  files: Parameters<typeof basement>[1],
  {
    rules = [] as DiskRules,
    endpoint,
    config = {},
  }: { rules?: DiskRules; endpoint?: string; config?: PlainConfig } = {},
): Promise<DrainWorld> {
  const rgw = sharedRgw();
  const bucket = await rgw.freshBucket();
  const root = scratch('root');
  await basement(root, files);
  const disk = await mountFaultyDisk(root, { directIo: true, rules });
  onTestFinished(() => disk.unmount());
  const basics = { endpoint: endpoint ?? rgw.endpoint, bucket, root: disk.mountPoint };
  const backfill = { enabled: true, scanEvery: 'off', listEvery: 'off' };
  const whole = merge(baseConfig({ ...basics, backfill, copy: { retry: { first: '100ms', most: '1s' } } }), config);
  return {
    rgw,
    bucket,
    root,
    disk,
    config: whole,
    scan: () => runUpstairs(['scan'], whole),
    async start(change = {}) {
      const upstairs = await startUpstairs({ config: merge(whole, change) });
      onTestFinished(() => upstairs.dispose());
      return upstairs;
    },
  };
}
