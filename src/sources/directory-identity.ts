import type { BigIntStats } from 'node:fs';

/** What tells a directory from another one in its place. */
export interface DirectoryIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
  /** When it was made, in nanoseconds since the epoch; 0 where that is not told. */
  readonly born: bigint;
  /** It may be the time of the last change: where the kernel does not tell the birth, libuv says that instead. */
  readonly unsure?: boolean;
}

export function directoryIn({ dev, ino, birthtimeNs: born, ctimeNs }: BigIntStats): DirectoryIdentity {
  return { dev, ino, born, unsure: born === ctimeNs };
}

/** The root of a file system has the same inode on every disk, and a disk that is plugged in again often the same device number. */
export function sameDirectory(one: DirectoryIdentity, other: DirectoryIdentity): boolean {
  const sameBirth = one.born === other.born || one.unsure === true || other.unsure === true;
  return one.dev === other.dev && one.ino === other.ino && sameBirth;
}
