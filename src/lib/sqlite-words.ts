import type { CodedWords } from './operator-error.ts';
import { resultCode } from './sqlite-error.ts';

/** By primary result codes (https://www.sqlite.org/rescode.html): what of them an operator may meet. */
const words: Readonly<Record<number, CodedWords>> = {
  3: notWritable('SQLITE_PERM', 'may not be opened by this user'),
  5: inUse('SQLITE_BUSY'),
  6: inUse('SQLITE_LOCKED'),
  8: notWritable('SQLITE_READONLY', 'is read-only for this user'),
  10: {
    code: 'SQLITE_IOERR',
    found: 'the disk cannot read or write a database of the state (SQLITE_IOERR)',
    expected: 'a disk that works, with a local file system',
    todo: 'look at dmesg -T and smartctl -a; a network file system will not do for state.dir',
  },
  11: damaged('SQLITE_CORRUPT'),
  13: {
    code: 'SQLITE_FULL',
    found: 'no room is left for a database of the state (SQLITE_FULL)',
    expected: 'room where state.dir lies',
    todo: 'make room, or move state.dir: df -h and df -i tell where it is short',
  },
  14: notWritable('SQLITE_CANTOPEN', 'cannot be opened'),
  26: damaged('SQLITE_NOTADB'),
};

/** What an error of SQLite means to the operator; undefined: it is none, or one that only the program can make. */
export function sqliteWords(error: Error): CodedWords | undefined {
  const code = resultCode(error);
  return code === undefined ? undefined : words[code];
}

function inUse(code: string): CodedWords {
  return {
    code,
    found: `another program keeps a database of the state locked (${code}: database is locked)`,
    expected: 'only programs of Upstairs on it, which never lock it for long',
    todo: 'see who has it open (fuser -v on the files in state.dir), end that one, and try again',
  };
}

function notWritable(code: string, what: string): CodedWords {
  return {
    code,
    found: `a database of the state ${what} (${code})`,
    expected: 'files and a directory that this user owns',
    todo: 'run this as the user that Upstairs runs as, or give the files in state.dir back to it (chown)',
  };
}

function damaged(code: string): CodedWords {
  return {
    code,
    found: `a database of the state is damaged, or is none (${code})`,
    expected: 'files as Upstairs wrote them',
    todo: 'restore a backup (`upstairs ledger restore`); files.db alone may be taken away: it is made again by scans',
  };
}
