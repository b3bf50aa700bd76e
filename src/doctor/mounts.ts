import { readFile } from 'node:fs/promises';

/** What this process sees mounted; empty where the system does not tell. */
export async function mountsHere(): Promise<string> {
  try {
    return await readFile('/proc/self/mountinfo', 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return '';
  }
}

/** A mounted file system, as /proc/self/mountinfo tells it (proc(5)). */
export interface Mount {
  readonly point: string;
  readonly type: string;
  readonly readOnly: boolean;
}

/** The mount that a real path lies on: the longest mount point above it, the last one where there are several. */
export function mountOf(path: string, mountinfo: string): Mount | undefined {
  let best: Mount | undefined;
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , , escaped, options = ''] = before.split(' ');
    if (escaped === undefined) continue;
    const point = escaped.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    if (path !== point && !path.startsWith(point.endsWith('/') ? point : `${point}/`)) continue;
    if (best && point.length < best.point.length) continue;
    best = { point, type: after.split(' ')[0] ?? '', readOnly: options.split(',').includes('ro') };
  }
  return best;
}
