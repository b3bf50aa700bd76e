import { onTestFinished } from 'vitest';
import { merge } from './base-config.ts';
import { type DiskRules, type FaultyDisk, mountFaultyDisk } from './faulty-disk.ts';
import { basement } from './media-files.ts';
import { objectFacts, type Rgw, sharedRgw } from './rgw.ts';
import { scratch } from './scratch.ts';
import { baseConfig, startUpstairs, type Upstairs } from './upstairs.ts';

/** The program between a real bucket and a real directory, for one test. */
export interface World {
  readonly rgw: Rgw;
  readonly bucket: string;
  readonly root: string;
  readonly disk: FaultyDisk | undefined;
  readonly upstairs: Upstairs;
  /** What the bucket holds under a key. */
  facts(key: string): ReturnType<typeof objectFacts>;
  /** PutObject requests for a key that reached the store, by status. */
  puts(key: string): Promise<number[]>;
}

export interface WorldOptions {
  readonly files: Record<string, Uint8Array | { bytes: Uint8Array; mode?: number }>;
  readonly rgw?: Rgw;
  readonly bucket?: string;
  /** Put the disk behind FUSE, without a page cache: what was read is counted exactly. */
  readonly faulty?: boolean | DiskRules;
  /** In front of the bucket. */
  readonly endpoint?: string;
  readonly stateDir?: string;
  /** Merged over `baseConfig`. */
  readonly config?: Record<string, unknown>;
  /** Takes what has to be called in the end. Default: when the test is over; a world of many tests has to say. */
  readonly atEnd?: (end: () => Promise<unknown>) => void;
}

export async function world(options: WorldOptions): Promise<World> {
  const { files, rgw = sharedRgw(), faulty, config = {}, atEnd = onTestFinished } = options;
  const bucket = options.bucket ?? (await rgw.freshBucket());
  const root = scratch('root');
  await basement(root, files);
  const rules = typeof faulty === 'object' ? { rules: faulty } : {};
  const disk = faulty ? await mountFaultyDisk(root, { directIo: true, ...rules }) : undefined;
  if (disk) atEnd(() => disk.unmount());
  const { endpoint = rgw.endpoint, stateDir } = options;
  const basics = { endpoint, bucket, root: disk?.mountPoint ?? root, ...(stateDir && { stateDir }) };
  const upstairs = await startUpstairs({ config: merge(baseConfig(basics), config) });
  atEnd(() => upstairs.dispose());
  return {
    rgw,
    bucket,
    root,
    disk,
    upstairs,
    facts: (key) => objectFacts(rgw.client, bucket, key),
    puts: async (key) => {
      const lines = await rgw.requests();
      return lines
        .filter((line) => line.method === 'PUT' && line.path === `/${bucket}/${key}`)
        .map((line) => line.status);
    },
  };
}

/** The tier that answered, as `Cache-Status` tells it. */
export function tierOf(headers: Record<string, string | string[] | undefined>): string | undefined {
  return /detail=([a-z0-9-]+)/.exec(String(headers['cache-status']))?.[1];
}
