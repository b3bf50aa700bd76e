import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What Mastodon keeps, by how much of it there is: shares of the files, and the sizes of most of them in bytes. */
const kinds = [
  { share: 0.3, path: 'media_attachments/files/ID/original/HEX.jpg', bytes: [2000, 12_000] },
  { share: 0.3, path: 'media_attachments/files/ID/small/HEX.jpg', bytes: [1000, 6000] },
  { share: 0.1, path: 'accounts/avatars/ID/original/HEX.png', bytes: [1000, 8000] },
  { share: 0.05, path: 'accounts/headers/ID/original/HEX.jpg', bytes: [2000, 9000] },
  { share: 0.03, path: 'custom_emojis/images/ID/original/HEX.png', bytes: [300, 4000] },
  { share: 0.02, path: 'preview_cards/images/ID/original/HEX.jpg', bytes: [1000, 5000] },
  { share: 0.2, path: 'cache/media_attachments/files/ID/original/HEX.webp', bytes: [1000, 9000] },
] as const;

/** The same for the same number: the n-th of as many files as wanted, in Mastodon's layout. */
export function treeFile(n: number): { key: string; size: number } {
  const digest = createHash('sha256').update(`file ${n}`).digest();
  const id = String(109_000_000_000_000_000n + BigInt(n) * 1_234_567n);
  let chance = digest.readUInt32BE(0) / 2 ** 32;
  const kind = kinds.find(({ share }) => {
    chance -= share;
    return chance < 0;
  });
  const { path, bytes } = kind ?? kinds[0];
  const size = bytes[0] + (digest.readUInt32BE(4) % (bytes[1] - bytes[0]));
  const key = path.replace('ID', id.match(/.{3}/g)?.join('/') ?? '').replace('HEX', digest.toString('hex', 8, 16));
  return { key, size };
}

/** Bytes that no other file has, and that need not be kept to be known again. */
export function treeBytes(key: string, size: number): Buffer {
  const seed = createHash('sha256').update(key).digest();
  return Buffer.alloc(size, seed);
}

/** Writes `count` files in Mastodon's layout, some days old, and returns their keys with their sizes. */
export function makeTree(root: string, count: number): Map<string, number> {
  const files = new Map<string, number>();
  const made = new Set<string>();
  for (let n = 0; n < count; n++) {
    const { key, size } = treeFile(n);
    const file = join(root, key);
    const dir = dirname(file);
    if (!made.has(dir)) mkdirSync(dir, { recursive: true });
    made.add(dir);
    writeFileSync(file, treeBytes(key, size));
    const mtime = 1_600_000_000 + n * 60 + 0.123456;
    utimesSync(file, mtime, mtime);
    files.set(key, size);
  }
  return files;
}

/** A file that can't be moved, each for a reason of its own. `path`: as bytes, below the root. */
export interface BadFile {
  readonly what: string;
  readonly path: Buffer;
  /** Undefined: its name is no key. */
  readonly key: string | undefined;
}

/** Puts such files into a tree; those whose bytes or directory fail need a disk that fails too (`badRules`). */
export function addBadFiles(root: string): BadFile[] {
  const below = 'media_attachments/files/109/999/999/999/999';
  const add = (what: string, name: string | Buffer, isKey: boolean, make?: (file: Buffer) => void): BadFile => {
    const path = Buffer.concat([Buffer.from(`${below}/`), Buffer.from(name)]);
    const file = Buffer.concat([Buffer.from(`${root}/`), path]);
    mkdirSync(file.subarray(0, file.lastIndexOf('/')), { recursive: true });
    if (make) make(file);
    else {
      writeFileSync(file, treeBytes(what, 300_000));
      utimesSync(file, 1_600_000_000, 1_600_000_000);
    }
    return { what, path, key: isKey ? path.toString() : undefined };
  };
  return [
    add('has bad sectors', '001/original/broken.jpg', true),
    add('cannot be opened', '002/original/denied.jpg', true),
    add('lies in a directory that cannot be listed', '003/unlistable/hidden.jpg', true),
    add(
      'has a name that is not UTF-8',
      Buffer.from([...Buffer.from('004/original/caf'), 0xe9, ...Buffer.from('.jpg')]),
      false,
    ),
    add('has a newline in its name', '005/original/two\nlines.jpg', false),
    add('has a key that is too long', `006/${`${'x'.repeat(250)}/`.repeat(4)}long.jpg`, false),
    add('has a name that can be decoded once more', '007/original/a%2fb.jpg', false),
    add('is a symlink', '008/original/link.jpg', true, (file) => symlinkSync('../../001/original/broken.jpg', file)),
  ];
}

/** What a disk of `test/support/faulty-disk.ts` needs to make of `addBadFiles` what it says. */
export const badRules = [
  { match: '*/broken.jpg', op: 'read', after_bytes: 131_072, errno: 'EIO' },
  { match: '*/denied.jpg', op: 'open', errno: 'EACCES' },
  { match: '*/003/unlistable', op: 'readdir', errno: 'EIO' },
];
