import { execFile } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** In every file that no reader may ever see. */
export const secretMarker = 'SECRET-OUTSIDE';

/** The content of `real.jpg` and `dir/inside.jpg`, the only files that may be served. */
export const publicContent = 'a picture that everybody may see';

export interface HostileTree {
  /** Closes what the tree holds open; the files are the caller's to remove. */
  cleanup(): Promise<void>;
}

/**
 * Fills the folder `root` of a source with everything that can go wrong there, and the folder `outside` with what lies
 * beyond it. Both exist already; `outside` may be the parent of `root`, so that `..` would find it. Linux only; the path of `root` has to leave room
 * for a socket's name (108 bytes in all).
 */
export async function makeHostileTree(root: string, outside: string): Promise<HostileTree> {
  const secret = `${secretMarker}\n`;
  await write(join(outside, 'secret.txt'), secret);
  await write(join(outside, 'folder', 'secret.txt'), secret);

  await write(join(root, 'real.jpg'), publicContent);
  await write(join(root, 'dir', 'inside.jpg'), publicContent);

  await write(join(root, 'backups', 'dumps', 'x'), secret);
  await write(join(root, 'imports', 'x'), secret);
  await write(join(root, '_upstairs', 'identity'), secret);
  await write(join(root, '.secret'), secret);
  await write(join(root, 'a', '.git', 'config'), secret);
  await write(join(root, 'private-0600.jpg'), secret, 0o600);

  await symlink(join(outside, 'secret.txt'), join(root, 'link-out.jpg'));
  await symlink(join(outside, 'folder'), join(root, 'linkdir'));
  // One file, one key: the file is served under its own name only.
  await symlink('real.jpg', join(root, 'link-in.jpg'));
  await symlink('dir', join(root, 'linkdir-in'));
  await symlink('link-loop.jpg', join(root, 'link-loop.jpg'));
  await symlink('nowhere.jpg', join(root, 'link-dangling.jpg'));

  await promisify(execFile)('mkfifo', [join(root, 'fifo.jpg')]);
  const server = createServer((socket) => socket.end(secret));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(join(root, 'sock.jpg'), resolve);
  });
  server.unref();
  return { cleanup: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** The modes are set whatever the umask is: what group and others may read is public. */
async function write(path: string, content: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await writeFile(path, content);
  await chmod(path, mode);
}
