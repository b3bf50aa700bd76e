import type { BigIntStats } from 'node:fs';

/** What tells a directory from another one in its place. */
export interface DirectoryIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
  /** When it was made, in nanoseconds since the epoch; 0 where that is not told. */
  readonly born: bigint;
}

/** Where the kernel does not tell when something was made, libuv says when its inode last changed. */
export function directoryIn({ dev, ino, birthtimeNs, ctimeNs }: BigIntStats): DirectoryIdentity {
  return { dev, ino, born: birthtimeNs === ctimeNs ? 0n : birthtimeNs };
}

/** The root of a file system has the same inode on every disk, and a disk that is plugged in again often the same device number. */
export function sameDirectory(one: DirectoryIdentity, other: DirectoryIdentity): boolean {
  const sameBirth = one.born === other.born || one.born === 0n || other.born === 0n;
  return one.dev === other.dev && one.ino === other.ino && sameBirth;
}
