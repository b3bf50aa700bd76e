import { execFileSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { scratch } from './scratch.ts';

const top = join(import.meta.dirname, '../..');

/** A repository to clone, with the files of this directory as they are now, committed or not. Its URL. */
export function cloneSource(): string {
  const dir = scratch('repository');
  const git = (cwd: string, ...args: string[]) => execFileSync('git', args, { cwd, encoding: 'utf8' });
  const names = git(top, 'ls-files', '-z', '--cached', '--others', '--exclude-standard').split('\0').filter(Boolean);
  for (const name of names.filter((file) => existsSync(join(top, file)))) cpSync(join(top, name), join(dir, name));
  git(dir, 'init', '--quiet');
  git(dir, 'add', '--all');
  git(dir, '-c', 'user.name=test', '-c', 'user.email=test@test', 'commit', '--quiet', '--message', 'As it is');
  return pathToFileURL(dir).href;
}
