import { isAbsolute } from 'node:path';
import { z } from 'zod';

/** Segments of a path below the root: none empty, "." or "..". */
const linkPattern = /^(?!\.{1,2}(\/|$))[^/\0]+(\/(?!\.{1,2}(\/|$))[^/\0]+)*$/;

const link = z.strictObject({
  link: z
    .string()
    .regex(linkPattern, 'must be a path below root, without "/" at its ends and without "." or ".." segments')
    .describe('Path of the symlink, below root'),
  to: z
    .string()
    .refine((path) => isAbsolute(path) && !path.includes('\0'), { error: 'must be an absolute path' })
    .describe('Directory that it leads to, as readlink says'),
});

/** Subtrees of a disk that are symlinks to directories elsewhere. No symlink but these is followed. */
export const diskLinksSchema = z.array(link).superRefine((all, context) => {
  for (const [i, later] of all.entries()) {
    const earlier = all
      .slice(0, i)
      .findIndex((other) => below(later.link, other.link) || below(other.link, later.link));
    if (earlier < 0) continue;
    context.addIssue({
      code: 'custom',
      path: [i, 'link'],
      message: `is the same path as alsoAllow.${earlier}.link, or one lies below the other: a file must have one key`,
    });
  }
});

function below(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(`${outer}/`);
}
