import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';

const databases = ['marks', 'ledger', 'files'] as const;

/** The state directory's room, in bytes. */
export interface StateSpace {
  /** Free for this program on its file system. */
  readonly freeBytes: number;
  /** Of the whole file system. */
  readonly capacityBytes: number;
  /** Each database with what is not written into it yet (its `-wal`). */
  readonly databases: readonly { readonly name: (typeof databases)[number]; readonly bytes: number }[];
}

/** Some look-ups of names that are known: nothing is walked. Rejects where the directory cannot be looked at. */
export async function stateSpace(dir: string): Promise<StateSpace> {
  const { bavail, blocks, bsize } = await statfs(dir);
  const sizes = databases.map(async (name) => {
    const [file, wal] = await Promise.all([sizeOf(join(dir, `${name}.db`)), sizeOf(join(dir, `${name}.db-wal`))]);
    return { name, bytes: file + wal };
  });
  return { freeBytes: bavail * bsize, capacityBytes: blocks * bsize, databases: await Promise.all(sizes) };
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return 0;
    throw error;
  }
}
