import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Gate } from './disk-walk.ts';
import { error, type Finding, ok } from './finding.ts';

/** What Mastodon's keys begin with (its Paperclip classes, and `cache/` for what came from elsewhere). */
const tops = [
  'media_attachments',
  'accounts',
  'cache',
  'custom_emojis',
  'preview_cards',
  'site_uploads',
  'imports',
  'backups',
] as const;
/** Of these, names that nobody gives a disk. */
const telling = new Set<string>(['media_attachments', 'accounts', 'custom_emojis', 'preview_cards', 'site_uploads']);
/** Where media lie below directories that are taken for their own by mistake. */
const below = ['system', 'public/system', 'live/public/system'] as const;

interface Layout {
  readonly name: string;
  /** A real path. */
  readonly root: string;
  readonly gate: Gate;
}

/**
 * Whether a root is the directory that keys begin in: one too high or too deep is readable and sound, and every key in it is wrong.
 * Undefined: nothing in it is known.
 */
export async function diskLayout({ name, root, gate }: Layout): Promise<Finding | undefined> {
  const check = `sources.${name}.layout`;
  const expected = `directories that Mastodon's keys begin with (${tops[0]}, ${tops[1]} …) right below root`;
  const mediaIn = async (dir: string) => {
    for (const top of tops) if (await isDirectory(gate, `${dir}/${top}`)) return top;
    return undefined;
  };
  const here = await mediaIn(root);
  if (here !== undefined) return ok(check, `${here} lies right below root`);
  for (const deeper of below)
    if ((await isDirectory(gate, `${root}/${deeper}`)) && (await mediaIn(`${root}/${deeper}`)) !== undefined)
      return error(
        check,
        `media lie further below, in ${deeper}: every key would be missing`,
        expected,
        `set root to ${root}/${deeper}`,
      );
  const own = basename(root);
  if (!telling.has(own)) return undefined;
  return error(
    check,
    `root is ${own} itself, one kind of media: every key would be missing`,
    expected,
    `set root to the directory that ${own} lies in`,
  );
}

async function isDirectory(gate: Gate, path: string): Promise<boolean> {
  try {
    return (await gate.read(() => stat(path))).isDirectory();
  } catch (cause) {
    // What hangs or is damaged is told by the sample; here it only proves nothing.
    const { code } = cause as { code?: string };
    if (code === undefined) throw cause;
    return false;
  }
}
