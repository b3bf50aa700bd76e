import { causesOf } from './causes-of.ts';
import { type Asked, innermostCode, isOfNetwork, networkWords } from './network-words.ts';
import type { CodedWords, Told } from './operator-error.ts';
import { sqliteWords } from './sqlite-words.ts';

interface SystemError extends Error {
  readonly code?: unknown;
  readonly path?: string;
  readonly dest?: string;
  readonly hostname?: string;
  readonly address?: string;
  readonly port?: number;
}

type Words = (at: string, error: SystemError) => Told;

/** Codes of errno(3), and those of zlib. `at`: the file, or what stands for it. */
const words: Readonly<Record<string, Words>> = {
  ENOENT: (at) => ({
    found: `${at} does not exist (ENOENT)`,
    expected: 'a file or directory that is there',
    todo: 'correct the path, make it, or mount what it lies on',
  }),
  ENOTDIR: (at) => ({
    found: `${at} leads through something that is no directory (ENOTDIR)`,
    expected: 'a directory',
    todo: 'correct the path',
  }),
  EISDIR: (at) => ({
    found: `${at} is a directory (EISDIR)`,
    expected: 'a file, not a directory',
    todo: 'name a file in it',
  }),
  ENOTEMPTY: (at) => ({
    found: `${at} is not empty (ENOTEMPTY)`,
    expected: 'an empty directory',
    todo: 'choose another',
  }),
  EEXIST: (at) => ({
    found: `${at} is there already (EEXIST)`,
    expected: 'nothing of that name',
    todo: 'choose another',
  }),
  EACCES: (at, error) => (error.port === undefined ? notAllowed(at, 'EACCES') : portNotAllowed(error)),
  EPERM: (at) => notAllowed(at, 'EPERM'),
  EROFS: (at) => ({
    found: `${at} lies on a file system that is read-only (EROFS)`,
    expected: 'a place that can be written',
    todo: 'choose another place; if it was writable before, look at dmesg -T: a disk that fails is mounted read-only',
  }),
  ENOSPC: (at) => ({
    found: `no room is left for ${at} (ENOSPC)`,
    expected: 'room on that file system, and free inodes',
    todo: 'make room, or choose another place: df -h and df -i tell where it is short',
  }),
  EDQUOT: (at) => ({
    found: `the quota of this user leaves no room for ${at} (EDQUOT)`,
    expected: 'room within the quota',
    todo: 'make room, or have the quota raised (quota -s)',
  }),
  EFBIG: (at) => ({
    found: `${at} became larger than the file system or a limit allows (EFBIG)`,
    expected: 'room for a large file',
    todo: 'choose another place; ulimit -f tells the limit',
  }),
  EIO: (at) => ({
    found: `the disk cannot read or write ${at} (EIO)`,
    expected: 'a disk that works',
    todo: 'look at dmesg -T and smartctl -a: it may be dying',
  }),
  EMFILE: () => ({
    found: 'this process may open no more files (EMFILE)',
    expected: 'room for more descriptors',
    todo: 'raise the limit: LimitNOFILE= in the unit, or ulimit -n',
  }),
  ENFILE: () => ({
    found: 'this machine may open no more files (ENFILE)',
    expected: 'room for more descriptors',
    todo: 'see who has so many open (lsof), or raise fs.file-max',
  }),
  ENOMEM: () => ({
    found: 'there is not enough memory (ENOMEM)',
    expected: 'free memory',
    todo: 'see what takes it (free -m), or give cache.maxSize and spool.memory less',
  }),
  ELOOP: (at) => ({
    found: `${at} leads through symlinks in a circle (ELOOP)`,
    expected: 'a path that ends somewhere',
    todo: 'see where they lead: namei -l',
  }),
  ENAMETOOLONG: (at) => ({
    found: `${at} is too long a name (ENAMETOOLONG)`,
    expected: 'a shorter path',
    todo: 'choose another',
  }),
  EXDEV: (at) => ({
    found: `${at} would have to go to another file system (EXDEV)`,
    expected: 'both on the same one',
    todo: 'choose a place beside the other',
  }),
  EADDRINUSE: (_, error) => ({
    found: `another program listens at ${addressOf(error)} already (EADDRINUSE)`,
    expected: 'an address and port that are free',
    todo: 'stop that one (ss -ltnp tells which it is), or give `listen` another port',
  }),
  EADDRNOTAVAIL: (_, error) => ({
    found: `this machine does not have the address ${addressOf(error)} (EADDRNOTAVAIL)`,
    expected: 'an address of this machine, or 0.0.0.0 for all',
    todo: 'correct `listen`: ip address tells which there are',
  }),
  Z_DATA_ERROR: () => ({
    found: 'it begins as gzip and cannot be unpacked (Z_DATA_ERROR)',
    expected: 'a file that gzip packed, whole',
    todo: 'see what gzip -t says of it, and copy it anew',
  }),
  Z_BUF_ERROR: () => ({
    found: 'it breaks off before its end (Z_BUF_ERROR)',
    expected: 'a file that gzip packed, whole',
    todo: 'copy it anew, or wait until it is written',
  }),
};

/** What an error of the system, of SQLite or of the network means to the operator; undefined: it is none of these. `asked`: who, where the error does not tell. */
export function systemWords(
  error: unknown,
  asked: Asked = { host: 'the server', option: 'its address in the configuration' },
): CodedWords | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path, dest } = error as SystemError;
  const known = typeof code === 'string' ? words[code] : undefined;
  if (known) return { code: String(code), ...known(dest ?? path ?? 'a file or directory', error) };
  return sqliteWords(error) ?? (isOfNetwork(error) ? ofNetwork(error, asked) : undefined);
}

function notAllowed(at: string, code: string): Told {
  return {
    found: `this user (${process.geteuid?.() ?? 'unknown'}) may not use ${at} (${code})`,
    expected: 'rights on it, and on the directories above it',
    todo: 'run this as the user that Upstairs runs as, or give this user rights: namei -l tells where they end',
  };
}

function portNotAllowed(error: SystemError): Told {
  return {
    found: `this user may not listen at ${addressOf(error)} (EACCES)`,
    expected: 'a port from 1024 on, or the right to lower ones',
    todo: 'give `listen` a port from 1024 on with nginx before it, or the unit AmbientCapabilities=CAP_NET_BIND_SERVICE',
  };
}

function addressOf({ address, port }: SystemError): string {
  const host = address?.includes(':') ? `[${address}]` : address;
  return [host, port].filter((part) => part !== undefined).join(':') || 'that address';
}

function ofNetwork(error: Error, asked: Asked): CodedWords {
  const { hostname, address, port } = [...causesOf(error)].at(-1) as SystemError;
  const host = [hostname ?? address, port].filter((part) => part !== undefined).join(':');
  const told = networkWords(error, { ...asked, ...(host && { host }) });
  return { code: innermostCode(error), ...told };
}
